import type { Operations, QueueFigures } from '../../core/contracts/operations.ts';

/** Something that is not as it should be: what it means, and what to do. */
export interface Finding {
  /** `bad`: something does not work now. `warn`: it will come to that, or is late. `note`: good to know. */
  level: 'bad' | 'warn' | 'note';
  title: string;
  text: string;
  /** To be typed where the service runs. */
  command?: string;
}

/** What is late while a queue is, by its name. */
const WAITS: Record<string, string> = {
  timeline: 'What the pages show live is that much behind.',
  persist: 'The history is that much behind; nothing of it is lost.',
  alerts: 'Alerts fire that much too late.',
  prune: 'What is too old is removed later.',
  rollup: 'Charts of long ranges read more rows meanwhile, and are slower.',
  notify: 'Messages about alerts come that much too late.',
};

/** From how many seconds on the oldest job of a queue is told of; what only tidies up may take its time. */
const LATE_SECONDS = 15;
const TIDYING_LATE_SECONDS = 300;
const TIDYING = ['prune', 'rollup'];

/** Rolled up every 30 s; twice missed, and what one step takes. */
const ROLLUP_LATE_SECONDS = 120;

/** The word with which the API says in `health.warnings` that nothing is taken. */
const REFUSED = 'Snapshots are refused';

/** Everything that is wrong, worst first; nothing where all is well. */
export function findingsOf(operations: Operations): Finding[] {
  const findings = [
    ...storeFindings(operations),
    ...(operations.queues ?? []).flatMap(queueFindings),
    ...rollupFindings(operations),
    ...upgradeFindings(operations.health),
    ...versionFindings(operations),
  ];
  const order = ['bad', 'warn', 'note'];
  return findings.toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
}

function storeFindings({ health: { redis, postgres, warnings } }: Operations): Finding[] {
  const findings: Finding[] = [];
  if (redis === 'disconnected')
    findings.push({
      level: 'bad',
      title: 'Redis does not answer',
      text: 'No snapshot can be taken, and nothing moves here. Agents keep what they measure, and hand it in afterwards. Everything goes on by itself once Redis is back.',
    });
  if (postgres === 'disconnected')
    findings.push({
      level: 'bad',
      title: 'PostgreSQL does not answer',
      text: 'The history cannot be asked. Snapshots are taken, shown live and judged as ever; what is to be stored waits in the queue persist, and is stored once PostgreSQL is back.',
    });
  if (postgres === 'disabled')
    findings.push({
      level: 'note',
      title: 'No history is kept',
      text: 'There is no PostgreSQL: the list of hosts, their history and the processes of the past need one. Set POSTGRES_DSN, and restart the API and the workers.',
    });
  for (const warning of warnings)
    findings.push(
      warning.startsWith(REFUSED)
        ? {
            level: 'bad',
            title: REFUSED,
            text: `${warning.slice(REFUSED.length).replace(/^: ?/, '')}. Agents keep what they measure, and hand it in afterwards.`,
          }
        : { level: 'warn', title: 'Redis may lose what it acknowledged', text: warning },
    );
  return findings;
}

function queueFindings({ name, waiting, active, failed, oldest_seconds }: QueueFigures): Finding[] {
  const findings: Finding[] = [];
  const limit = TIDYING.includes(name) ? TIDYING_LATE_SECONDS : LATE_SECONDS;
  if (oldest_seconds >= limit) {
    const since = `${Math.round(oldest_seconds)} s`;
    const meaning = WAITS[name] ?? '';
    findings.push(
      waiting > 0 && active === 0
        ? {
            level: 'bad',
            title: `Nobody works on the queue ${name}`,
            text: `Its oldest job has waited for ${since}. ${meaning} Is a worker with the role ${name} running?`,
            command: `npm run workers -- --roles ${name}`,
          }
        : {
            level: 'warn',
            title: `The queue ${name} is behind`,
            text: `Its oldest job is ${since} old. ${meaning} More workers with the role ${name} help, unless a store is what it waits for.`,
          },
    );
  }
  if (failed > 0)
    findings.push({
      level: 'warn',
      title: `${failed === 1 ? '1 job' : `${failed} jobs`} of the queue ${name} failed`,
      text: `Nothing is thrown away: each is kept with its reason, which the queue board shows, and npm run queues -- failed ${name}. Once that is put right, try them again.`,
      command: `npm run queues -- redrive ${name}`,
    });
  return findings;
}

function rollupFindings({ rollup_behind_seconds: behind }: Operations): Finding[] {
  if (behind === null || behind < ROLLUP_LATE_SECONDS) return [];
  return [
    {
      level: 'warn',
      title: `Minutes are made up to ${Math.round(behind / 60)} min ago only`,
      text: 'Charts of long ranges read more rows instead, and are slower; their figures are the same. It catches up by itself while a worker has the role rollup: after the first start on an old history that can take a while.',
      command: 'npm run workers -- --roles rollup',
    },
  ];
}

function upgradeFindings({ upgrade }: Operations['health']): Finding[] {
  if (upgrade === undefined) return [];
  const findings: Finding[] = [];
  const { state, rows_left: left, percent, rows_refused: refused, obstacle } = upgrade;
  if (state === 'moving')
    findings.push({
      level: obstacle === undefined ? 'note' : 'warn',
      title: `The rows of the service before are being moved${percent === undefined ? '' : `: ${percent} %`}`,
      text: [
        left === undefined ? '' : `About ${left.toLocaleString('en-GB')} are left.`,
        'All of them are shown already.',
        obstacle === undefined ? '' : `It does not go on: ${obstacle}.`,
      ]
        .filter(Boolean)
        .join(' '),
    });
  if (refused > 0)
    findings.push({
      level: 'note',
      title: `${refused.toLocaleString('en-GB')} rows of the service before could not be moved`,
      text: 'They are no snapshots, and are kept as they were.',
    });
  return findings;
}

function versionFindings({ nodes }: Operations): Finding[] {
  const versions = [...new Set(nodes.map(({ version }) => version))];
  if (versions.length < 2) return [];
  return [
    {
      level: 'note',
      title: 'The API nodes are of different versions',
      text: `${versions.join(' and ')}: fine while they are being replaced, one after the other.`,
    },
  ];
}
