import { messageOf } from '../../core/errors.ts';
import {
  compareAlerts,
  comparePublished,
  compareSnapshots,
  problemsOf,
  withoutLoss,
  type Difference,
} from './check.ts';
import { readAlerts, readHistory, readTimeline } from './found.ts';
import { readLedger, type Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import { openStand, type Ground, type Stand, type StandOptions } from './stand.ts';

/** What a case gets to work with. */
export interface CaseContext {
  ground: Ground;
  random: Random;
  /** Kills in the row of mixed faults. */
  kills: number;
  /** New snapshots a second in that row. */
  perSecond: number;
  /** Outages cut short: for work on the harness itself. */
  quick: boolean;
  progress: (text: string) => void;
}

export interface CaseResult {
  /** Empty: passed. */
  problems: string[];
  figures: Record<string, number | string>;
}

export interface FaultCase {
  /** Row of the matrix, or a name of its own. */
  row: string;
  name: string;
  /** Why it cannot run here, if it cannot. */
  skip?: () => Promise<string | undefined> | string | undefined;
  run: (context: CaseContext) => Promise<CaseResult>;
  /** For a negative control: a problem must be found that says this. */
  mustFind?: RegExp;
}

/** What a case may say beyond the ledger. */
export interface Findings {
  problems: string[];
  figures: Record<string, number | string>;
}

export interface Expectations {
  /** Jobs that are to be in the failed set at the end. */
  failedJobs?: number;
  /** Acknowledged snapshots that need not be in PostgreSQL. */
  excused?: ReadonlySet<string>;
  /**
   * What was acknowledged may be missing, as after a failover: counted and shown, but no problem. Nor is an alert event
   * that is published again, because the primary that had published it took its memory of that along.
   */
  lossTolerated?: boolean;
  /** No process died with work in hand, so nothing may have been worked on twice: judged by the workers' own count. */
  noRework?: boolean;
  /** Every request must be answered within this, in ms, at p99; and half as long again at most. */
  answerWithinMs?: number;
  drainMs?: number;
  /** What else must hold at rest: adds its problems and figures. */
  atRest?: (stand: Stand, findings: Findings) => Promise<void>;
}

/** The usual course: the service comes up, the faults happen, everything comes to rest, the books are compared. */
export async function onStand(
  context: CaseContext,
  options: StandOptions,
  faults: (stand: Stand, findings: Findings) => Promise<Expectations | void>,
): Promise<CaseResult> {
  const findings: Findings = { problems: [], figures: {} };
  const stand = await openStand(context.ground, options);
  try {
    if (options.startServices ?? true) await stand.untilReady();
    const expectations = (await faults(stand, findings)) ?? {};
    await comeToRest(context, stand, findings, expectations);
  } catch (error) {
    findings.problems.push(messageOf(error));
  } finally {
    await stand.close();
  }
  return findings;
}

async function comeToRest(
  context: CaseContext,
  stand: Stand,
  findings: Findings,
  expectations: Expectations,
): Promise<void> {
  const { problems, figures } = findings;
  context.progress('coming to rest');
  for (const load of stand.loads) await load.finish();
  await stand.untilReady();
  await stand.untilDrained(expectations.drainMs);
  context.progress('comparing');
  const ledger = await readLedger(stand.loads.map(({ ledgerFile }) => ledgerFile));
  const agents = new Set([...ledger.entries.values()].map(({ agentId }) => agentId));
  const history = await readHistory(stand.dsn);
  const timeline = await readTimeline(stand.admin, agents);
  const alerts = await readAlerts(stand.admin, stand.loads[0]?.startSeconds ?? 0);
  const differences: Record<string, Difference> = {
    PostgreSQL: compareSnapshots(ledger, history.holding, expectations.excused),
    timeline: compareSnapshots(ledger, timeline),
    alerts: compareAlerts(ledger, alerts),
  };
  const published = comparePublished(stand.published);
  if (expectations.lossTolerated) figures['published again'] = published.doubled;
  else differences['alerts:live'] = published;
  for (const [place, difference] of Object.entries(differences))
    problems.push(...problemsOf(place, expectations.lossTolerated ? withoutLoss(difference) : difference));
  if (expectations.lossTolerated)
    figures['lost'] = Object.entries(differences)
      .map(([place, { lost }]) => `${place} ${lost}`)
      .join(', ');
  if (history.wrongKeys > 0) problems.push(`PostgreSQL: ${history.wrongKeys} rows under a wrong key`);
  const failed = await stand.failedJobs();
  if (failed !== (expectations.failedJobs ?? 0))
    problems.push(`${failed} failed jobs, ${expectations.failedJobs ?? 0} expected`);
  for (const process of [...stand.apis, ...stand.workers]) problems.push(...process.crashes);
  const rework = await stand.counter('topline_snapshots_stored_total', {
    stage: 'persist',
    outcome: 'duplicate',
  });
  if (expectations.noRework && rework > ledger.repeats)
    problems.push(`doubled work: ${rework} rows written again, of ${ledger.repeats} repeated posts`);
  judgeAnswers(ledger, expectations, findings);
  await expectations.atRest?.(stand, findings);
  Object.assign(figures, {
    attempted: ledger.entries.size,
    acknowledged: ledger.acknowledged,
    'lost/doubled/unexpected': total(differences),
    alerts: differences['alerts']?.found ?? 0,
    repeats: ledger.repeats,
    'written again': rework,
    kills: (Number(figures['kills']) || 0) + killsOf(stand),
  });
  if (ledger.acknowledged === 0) problems.push('nothing was acknowledged: this proves nothing');
}

function killsOf({ apis, workers }: Stand): number {
  return [...apis, ...workers].reduce((sum, { kills }) => sum + kills, 0);
}

function total(differences: Record<string, Difference>): string {
  const sum = (pick: (difference: Difference) => number) =>
    Object.values(differences).reduce((all, difference) => all + pick(difference), 0);
  return [sum((d) => d.lost), sum((d) => d.doubled), sum((d) => d.unexpected + d.altered)].join('/');
}

/** What a machine adds that runs both ends of a request, and starts and kills a dozen processes meanwhile. */
const NOISE_MS = 100;

function judgeAnswers(
  ledger: Ledger,
  { answerWithinMs }: Expectations,
  { problems, figures }: Findings,
): void {
  for (const [phase, timing] of ledger.timings) {
    const ms = `p50 ${timing.p50.toFixed(0)}, p99 ${timing.p99.toFixed(0)}, max ${timing.max.toFixed(0)}`;
    const statuses = Object.entries(timing.byStatus).map(([status, count]) => `${status}×${count}`);
    figures[`${phase} ms`] = `${ms} (${statuses.join(' ')})`;
    if (timing.hung > 0) problems.push(`${timing.hung} requests hung (${phase})`);
    const wrong = Object.keys(timing.byStatus).filter(
      (status) => !['0', '1', '2', '200', '429', '503'].includes(status),
    );
    if (wrong.length > 0) problems.push(`answers with status ${wrong.join(', ')} (${phase})`);
    if (answerWithinMs === undefined) continue;
    if (timing.p99 > answerWithinMs + NOISE_MS || timing.max > 1.5 * answerWithinMs)
      problems.push(`answers took too long (${phase}): ${ms} ms, limit ${answerWithinMs}`);
  }
}
