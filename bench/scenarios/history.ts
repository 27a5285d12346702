import { openDataset, type Dataset } from '../history/dataset.ts';
import { agentName } from '../load/requests.ts';
import { measureAcknowledged } from '../measure.ts';
import type { Measurement } from '../results.ts';
import type { Bench, Scenario, Subject } from '../scenario.ts';
import type { ServiceOptions } from '../service.ts';
import { fillTimeline, WINDOW_SECONDS } from './fillTimeline.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** Requests under way at a time: two pages that somebody looks at. */
const READERS = 2;

/** Different ranges asked for, so that no answer could be kept. */
const RANGES = 500;

const MISSING = 'there is no history: make it with npm run bench -- seed-history (20 GB, some ten minutes)';

type Ask = (options: { agent: string; from: (seconds: number) => string; i: number }) => string;

/** The API alone on the history: nothing is written meanwhile. */
function onHistory(bench: Bench, { dsn, postgresPid }: Dataset): ServiceOptions {
  return {
    kind: 'topline',
    workers: false,
    history: { dsn, postgresPid },
    // What is read lies as far back as it was made.
    env: { POSTGRES_RETENTION_DAYS: '0', RETENTION_SECONDS: String(WINDOW_SECONDS) },
    prepare: async (redisUrl) => {
      bench.progress('filling the timelines');
      await fillTimeline(redisUrl, bench.options.agents, bench.snapshotsFile);
    },
  };
}

function asking(name: string, ask: Ask): Subject {
  return {
    name,
    async measure(bench): Promise<Measurement | { skipped: string }> {
      const dataset = await openDataset();
      if (dataset === undefined) return { skipped: MISSING };
      const { endSeconds, agents } = dataset.description;
      try {
        const gets = Array.from({ length: RANGES }, (_, i) => {
          const to = endSeconds - 60 * (i % 60);
          return ask({
            agent: agentName((i * 37) % agents),
            from: (seconds) => `from=${to - seconds}&to=${to}`,
            i,
          });
        });
        return await measureAcknowledged(bench, onHistory(bench, dataset), { gets, connections: READERS });
      } finally {
        await dataset.close();
      }
    },
  };
}

/** What the dashboard asks of a long history. */
export const history: Scenario = {
  name: 'history',
  title: 'Answers from a long history, 2 readers',
  unit: 'answers/s',
  thing: 'answer',
  controls: [],
  subjects: () => [
    asking(
      'one agent, 24 h',
      ({ agent, from }) => `/api/metrics/history?agent=${agent}&${from(DAY)}&step=60`,
    ),
    asking('one agent, 30 d', ({ agent, from }) => `/api/metrics/history?agent=${agent}&${from(30 * DAY)}`),
    asking(
      'its top processes, 7 d',
      ({ agent, from }) => `/api/processes/top?agent=${agent}&${from(7 * DAY)}`,
    ),
    asking("the fleet's top processes, 24 h", ({ from }) => `/api/processes/top?${from(DAY)}`),
    asking(
      'a process of one agent, 7 d',
      ({ agent, from }) => `/api/processes/history?agent=${agent}&name=node&${from(7 * DAY)}`,
    ),
    asking('the snapshot at a time', ({ agent, i }) => `/api/metrics/at?agent=${agent}&time=-${i + 1}h`),
    asking('all agents', () => '/api/agents?limit=1000'),
  ],
};
