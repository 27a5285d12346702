import { Redis } from 'ioredis';
import { loadConfig } from '../../core/config.ts';
import { createLogger } from '../../core/platform/logger.ts';
import { migrate } from '../../core/schema/migrate.ts';
import { openPrisma } from '../../core/platform/prisma.ts';
import { createAgentStateStore } from '../../core/stores/redis/agentStates.ts';
import { createAgentStore } from '../../core/stores/postgres/agents.ts';
import { openDataset, type Dataset } from '../history/dataset.ts';
import { agentName } from '../load/requests.ts';
import { measureAcknowledged } from '../measure.ts';
import type { Measurement } from '../results.ts';
import type { Bench, Scenario, Subject } from '../scenario.ts';
import type { ServiceOptions } from '../service.ts';
import { fillTimeline, WINDOW_SECONDS } from './fillTimeline.ts';

const log = createLogger({ level: 'warn', name: 'bench' });

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** Requests under way at a time: two pages that somebody looks at. */
export const READERS = 2;

/** Different ranges asked for, so that no answer could be kept. */
const RANGES = 500;

export const MISSING =
  'there is no history: make it with npm run bench -- seed-history (20 GB, some ten minutes)';

type Ask = (options: { agent: string; from: (seconds: number) => string; i: number }) => string;

/** What the workers would know of each agent by now. */
async function introduceAgents({ dsn, description }: Dataset, redisUrl: string): Promise<void> {
  const { table } = loadConfig({}).postgres;
  const prisma = openPrisma({ dsn, log, applicationName: 'topline bench', poolSize: 1 });
  const redis = new Redis(redisUrl, { replyMapping: 'legacy' });
  const receivedAtMs = Date.now();
  const ids = Array.from({ length: description.agents }, (_, i) => agentName(i));
  try {
    await createAgentStore({ prisma: prisma.handle, table }).upsert(
      ids.map((agentId) => ({
        agentId,
        labels: undefined,
        firstReceivedAtMs: receivedAtMs,
        lastReceivedAtMs: receivedAtMs,
      })),
    );
    await createAgentStateStore(redis, loadConfig({}).timeline).note(
      ids.map((agentId, i) => ({
        agentId,
        timestamp: Math.floor(receivedAtMs / 1000),
        receivedAtMs,
        history: false,
        cpuPercent: i % 100,
        memoryUsedMb: 1_000 + i,
        memoryTotalMb: 8_000,
        top: { name: 'node', cpuPercent: i % 50 },
      })),
    );
  } finally {
    redis.disconnect();
    await prisma.close();
  }
}

/** The API alone on the history: nothing is written meanwhile. */
export function onHistory(bench: Bench, dataset: Dataset): ServiceOptions {
  const { dsn, postgresPid } = dataset;
  return {
    kind: 'topline',
    workers: false,
    history: { dsn, postgresPid },
    // What is read lies as far back as it was made.
    env: { POSTGRES_RETENTION_DAYS: '0', RETENTION_SECONDS: String(WINDOW_SECONDS) },
    prepare: async (redisUrl) => {
      bench.progress('filling the timelines');
      await fillTimeline(redisUrl, bench.options.agents, bench.snapshotsFile);
      await introduceAgents(dataset, redisUrl);
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
        await migrate({ dsn: dataset.dsn, table: loadConfig({}).postgres.table, log });
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
