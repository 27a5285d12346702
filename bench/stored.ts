import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { loadConfig } from '../core/config.ts';
import { STAGES } from '../core/contracts/queues.ts';
import { snapshotSchema } from '../core/contracts/snapshot.ts';
import { packedTableOf } from '../core/stores/postgres/tableNames.ts';
import { openQueue } from '../core/platform/queue.ts';
import { createTimelineStore } from '../core/stores/redis/timeline.ts';
import { nowSeconds } from '../core/time.ts';
import { agentName } from './load/requests.ts';
import { RETENTION_SECONDS, type Service } from './service.ts';

const { timeline, postgres } = loadConfig({});

/**
 * Counts what is stored, and that no stage has anything left to do.
 *
 * @throws {Error} where it is not exactly what was acknowledged: the figures would be of something else
 */
export async function checkStored(service: Service, acknowledged: number, agents: number): Promise<void> {
  const { rows, records, unfinished } = await withStores(service, async (redis, sql) => ({
    unfinished: await untilIdle(redis),
    rows: Number((await sql.query(`SELECT count(*) AS count FROM ${postgres.table}`)).rows[0].count),
    records: await countRecords(redis, agents),
  }));
  if (unfinished === 0 && rows === acknowledged && records === acknowledged) return;
  throw new Error(
    `${acknowledged} snapshots were acknowledged; PostgreSQL has ${rows}, Redis ${records}, and ${unfinished} jobs are not done`,
  );
}

/** How much room a snapshot takes in each store. */
export async function storedSizes(
  service: Service,
  stored: number,
  snapshotsFile: string,
): Promise<Record<string, number>> {
  const json = canonicalBytes((await readFile(snapshotsFile, 'utf8')).trim().split('\n'));
  return withStores(service, async (redis, sql) => {
    const bytes = await timelineBytes(redis);
    const { rows } = await sql.query<Record<'heap' | 'indexes' | 'total', string>>(SIZES, [
      packedTableOf(postgres.table),
    ]);
    const [total, heap, indexes] = [rows[0]?.total, rows[0]?.heap, rows[0]?.indexes].map(Number);
    return {
      'bytes a snapshot in PostgreSQL': (total ?? 0) / stored,
      'of that heap': (heap ?? 0) / stored,
      'of that indexes': (indexes ?? 0) / stored,
      'bytes a snapshot in Redis': bytes / stored,
      'Redis to its JSON': bytes / (stored * json),
    };
  });
}

/** The rest of the total is TOAST, and the maps of free space and visibility. */
const SIZES = `
SELECT sum(pg_total_relation_size(relid)) AS total, sum(pg_relation_size(relid)) AS heap,
       sum(pg_indexes_size(relid)) AS indexes
FROM pg_partition_tree($1::regclass) WHERE isleaf`;

/** Mean length of what the service keeps as a snapshot's JSON, with its agent. */
export function canonicalBytes(snapshots: readonly string[]): number {
  const lengths = snapshots.map((text) =>
    Buffer.byteLength(JSON.stringify({ ...snapshotSchema.parse(JSON.parse(text)), agent_id: agentName(0) })),
  );
  return lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
}

/** Agents read at a time. */
const AT_A_TIME = 50;

/** Through the service's own reader, so that it counts whatever way they are kept. */
async function countRecords(redis: Redis, agents: number): Promise<number> {
  const store = createTimelineStore(redis, { ...timeline, retentionSeconds: RETENTION_SECONDS });
  let count = 0;
  for (let first = 0; first < agents; first += AT_A_TIME) {
    const some = Array.from({ length: Math.min(AT_A_TIME, agents - first) }, (_, i) => agentName(first + i));
    const windows = await Promise.all(some.map((agentId) => store.recentOf(agentId, nowSeconds())));
    count += windows.reduce((sum, window) => sum + window.length, 0);
  }
  return count;
}

async function timelineBytes(redis: Redis): Promise<number> {
  let bytes = 0;
  for await (const keys of redis.scanStream({ match: `${timeline.key}*`, count: 1_000 })) {
    const sizes = await Promise.all(
      (keys as string[]).map((key) => redis.memory('USAGE', key, 'SAMPLES', 0)),
    );
    bytes += sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  }
  return bytes;
}

const IDLE_MS = 30_000;

/** Waits until no job is left of any stage; resolves to how many are left where that does not come. */
async function untilIdle(redis: Redis): Promise<number> {
  const queues = STAGES.map((stage) => openQueue(stage, redis));
  for (const endsAt = Date.now() + IDLE_MS; ; await delay(50)) {
    const counts = await Promise.all(
      queues.map((queue) =>
        queue.getJobCountByTypes('waiting', 'prioritized', 'active', 'delayed', 'failed'),
      ),
    );
    const left = counts.reduce((sum, count) => sum + count, 0);
    if (left === 0 || Date.now() > endsAt) return left;
  }
}

async function withStores<T>(
  { redisUrl, dsn }: Service,
  work: (redis: Redis, sql: pg.Client) => Promise<T>,
): Promise<T> {
  const redis = new Redis(redisUrl, { replyMapping: 'legacy' });
  const sql = new pg.Client({ connectionString: dsn });
  try {
    await sql.connect();
    return await work(redis, sql);
  } finally {
    redis.disconnect();
    await sql.end();
  }
}
