import { hostname } from 'node:os';
import type { Redis } from 'ioredis';
import { type NodeFigures, type Operations, type QueueFigures } from '../../core/contracts/operations.ts';
import type { Health } from '../../core/contracts/health.ts';
import { messageOf } from '../../core/errors.ts';
import { every } from '../../core/every.ts';
import type { ProcessContext } from '../../core/platform/process.ts';
import { oldestJobMs, type Queue } from '../../core/platform/queue.ts';
import { createApiNodeStore } from '../../core/stores/redis/apiNodes.ts';
import type { RollupProgress } from '../../core/stores/postgres/rollups.ts';
import { answerInTime } from './answerInTime.ts';
import type { ClockOffset } from '../http/clockOffset.ts';

/** How often nodes tell each other of themselves. */
const EXCHANGE_EVERY_MS = 5_000;

/** However many pages are open, the stores are not asked more often than this. */
const ANSWER_FOR_MS = 1_000;

export interface OperationsOptions {
  /** How the other nodes know this one; default: host and process. */
  id?: string;
  /** How often nodes tell each other; default 5 s. */
  exchangeEveryMs?: number;
  version: string;
  redis: Redis;
  queues: Queue[];
  /** Undefined where no history is kept. */
  rollupProgress: (() => Promise<RollupProgress>) | undefined;
  health(): Promise<Health>;
  /** Snapshots a second that this node takes, on the mean of the last while. */
  ingestPerSecond(): number;
  sockets(): NodeFigures['sockets'];
  clockOffset: Pick<ClockOffset, 'ms'>;
}

/** What this node knows of itself and of the others, for those who look after the service. */
export interface OperationsWatch {
  /** Everything as it is now, or was within the last second. */
  read(): Promise<Operations>;
}

/** Tells the other nodes of this one every 5 s, and hears of them, for as long as the process runs. */
export function startOperationsWatch(
  { log, lifecycle }: Pick<ProcessContext, 'log' | 'lifecycle'>,
  options: OperationsOptions,
): OperationsWatch {
  const startedMs = performance.now();
  const store = createApiNodeStore(options.redis);
  const id = options.id ?? `${hostname()}:${process.pid}`;
  let others: NodeFigures[] = [];
  let latest: { atMs: number; answer: Promise<Operations> } | undefined;

  function own(): NodeFigures {
    const nowMs = performance.now();
    return {
      id,
      version: options.version,
      uptime_seconds: Math.floor((nowMs - startedMs) / 1000),
      ingest_per_second: Math.round(options.ingestPerSecond() * 100) / 100,
      sockets: options.sockets(),
    };
  }

  async function exchange(): Promise<void> {
    const all = await store.exchange(own(), Date.now() + options.clockOffset.ms());
    others = all.filter((node) => node.id !== id);
  }

  const stop = every(options.exchangeEveryMs ?? EXCHANGE_EVERY_MS, exchange, {
    atOnce: true,
    onError(error) {
      // What is known of them gets old with every second.
      others = [];
      if (!lifecycle.stopping) log.debug({ reason: messageOf(error) }, 'could not tell the other nodes');
    },
  });
  lifecycle.defer('node figures', async () => {
    await stop();
    // Where that cannot be told, the others find out a little later.
    await store.leave(id).catch(() => undefined);
  });

  async function ask(): Promise<Operations> {
    const [health, queues, rollupBehind] = await Promise.all([
      options.health(),
      queueFigures(options.queues, options.redis),
      rollupBehindSeconds(options.rollupProgress),
    ]);
    const node = own();
    const nodes = [...others, node].toSorted((a, b) => (a.id < b.id ? -1 : 1));
    return {
      health,
      node,
      nodes,
      ingest_per_second: nodes.reduce((sum, { ingest_per_second }) => sum + ingest_per_second, 0),
      sockets: nodes.reduce((sum, { sockets }) => sum + sockets.socket_io + sockets.websocket, 0),
      queues,
      rollup_behind_seconds: rollupBehind,
    };
  }

  return {
    read() {
      const nowMs = performance.now();
      if (latest === undefined || nowMs - latest.atMs >= ANSWER_FOR_MS)
        latest = { atMs: nowMs, answer: ask() };
      return latest.answer;
    },
  };
}

/** Null where they cannot be asked. */
async function queueFigures(queues: Queue[], redis: Redis): Promise<QueueFigures[] | null> {
  try {
    return await Promise.all(
      queues.map(async (queue) => {
        const [counts, addedAtMs] = await Promise.all([
          queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'failed'),
          oldestJobMs(queue, redis),
        ]);
        const { waiting = 0, prioritized = 0, active = 0, delayed = 0, failed = 0 } = counts;
        return {
          name: queue.name,
          waiting: waiting + prioritized,
          active,
          delayed,
          failed,
          oldest_seconds: addedAtMs === undefined ? 0 : Math.max(0, Date.now() - addedAtMs) / 1000,
        };
      }),
    );
  } catch {
    return null;
  }
}

/** Null where no history is kept, nothing was rolled up yet, or PostgreSQL is away. */
async function rollupBehindSeconds(
  progress: (() => Promise<RollupProgress>) | undefined,
): Promise<number | null> {
  const known = progress && (await answerInTime(progress));
  if (known === undefined || known.minutesUntilSeconds === 0) return null;
  return Math.max(0, known.nowSeconds - known.minutesUntilSeconds);
}
