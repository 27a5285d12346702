import { readFile } from 'node:fs/promises';
import type pg from 'pg';
import { snapshotSchema, type Snapshot } from '../../core/contracts/snapshot.ts';
import { quoteName, rollupTablesOf } from '../../core/stores/postgres/tableNames.ts';
import { bucketsOf, topProcessOf, type Bucket } from '../../core/rollup/bucket.ts';
import type { Sample } from '../../core/rollup/hold.ts';
import { packBucket } from '../../core/rollup/packBucket.ts';

/** Where in the recording an agent is at a time: agents differ, and each moves on. */
export const PLACE_OF_AGENT = 113;
export const PLACE_OF_STEP = 7;

/** The same in SQL, of `agent`, `t` and $2, the seconds between two snapshots. */
export const PLACE = `(agent * ${PLACE_OF_AGENT} + t / $2 * ${PLACE_OF_STEP}) % (SELECT count(*) FROM bench_recording)`;

/** The name of an agent in SQL, as bench/load/requests.ts has it. */
export const AGENT = `'agent-' || lpad(agent::text, 5, '0')`;

/** A time at which every tier's buckets begin; what is made at it is moved to others. */
const ORIGIN = 1_699_999_200 - (1_699_999_200 % 3_600);

const TIER_COLUMNS =
  'cpu_sum, memory_sum, busy_units, top_cpu_units, samples, held_seconds, cpu_min, cpu_max, memory_min, memory_max, memory_total, top_process';
const PROCESS_COLUMNS =
  'name, cpu_units, cpu_sum, cpu_peak, memory_sum, memory_peak, io_read, io_write, samples';

/**
 * What is rolled up, by the place of its first snapshot: there are as many different minutes and hours as places. They
 * are made by the service's own code here, and PostgreSQL multiplies them.
 */
export async function loadBuckets(
  client: pg.Client,
  snapshotsFile: string,
  stepSeconds: number,
): Promise<void> {
  const recording = (await readFile(snapshotsFile, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => snapshotSchema.parse(JSON.parse(line)));
  for (const [tier, widthSeconds] of [
    ['minutes', 60],
    ['hours', 3_600],
  ] as const) {
    await client.query(`CREATE TABLE bench_${tier} (place INT PRIMARY KEY, cpu_sum BIGINT, memory_sum BIGINT, busy_units BIGINT,
      top_cpu_units BIGINT, samples INT, held_seconds INT, cpu_min INT, cpu_max INT, memory_min INT, memory_max INT, memory_total INT,
      top_process TEXT, bucket BYTEA)`);
    for (let place = 0; place < recording.length; place += 1)
      await insertBucket(
        client,
        `bench_${tier}`,
        place,
        bucketAt(recording, place, widthSeconds, stepSeconds),
      );
  }
  await client.query(`CREATE TABLE bench_process_hours (place INT, name TEXT, cpu_units BIGINT, cpu_sum BIGINT,
    cpu_peak BIGINT, memory_sum BIGINT, memory_peak BIGINT, io_read BIGINT, io_write BIGINT, samples INT,
    first_after INT, last_after INT)`);
  for (let place = 0; place < recording.length; place += 1)
    await insertProcesses(client, place, bucketAt(recording, place, 3_600, stepSeconds));
  await client.query('ANALYZE');
}

function bucketAt(recording: Snapshot[], place: number, widthSeconds: number, stepSeconds: number): Bucket {
  const samples: Sample[] = [];
  // With one before and one behind: how long a snapshot is held depends on them.
  for (let i = -1; i <= widthSeconds / stepSeconds; i += 1) {
    const index = (place + PLACE_OF_STEP * i + recording.length) % recording.length;
    const snapshot = recording[index];
    if (snapshot !== undefined)
      samples.push({ ...snapshot, timestamp: ORIGIN + i * stepSeconds, snapshotId: String(index) });
  }
  const bucket = bucketsOf(samples, widthSeconds, ORIGIN, ORIGIN + widthSeconds).get(ORIGIN);
  if (bucket === undefined) throw new Error('a bucket without a sample');
  return bucket;
}

async function insertBucket(client: pg.Client, table: string, place: number, bucket: Bucket): Promise<void> {
  const { cpu, memory } = bucket;
  const top = topProcessOf(bucket);
  await client.query(
    `INSERT INTO ${table} (place, ${TIER_COLUMNS}, bucket) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [
      place,
      cpu.sum,
      memory.sum,
      bucket.busyUnits,
      top?.totals.cpuUnits,
      bucket.samples,
      bucket.heldSeconds,
      cpu.min,
      cpu.max,
      memory.min,
      memory.max,
      bucket.memoryTotal,
      top?.name,
      packBucket(bucket),
    ],
  );
}

async function insertProcesses(client: pg.Client, place: number, { processes }: Bucket): Promise<void> {
  for (const [name, totals] of processes)
    await client.query(
      `INSERT INTO bench_process_hours (place, ${PROCESS_COLUMNS}, first_after, last_after)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
      [
        place,
        name,
        totals.cpuUnits,
        totals.cpuSum,
        totals.cpuPeak,
        totals.memorySum,
        totals.memoryPeak,
        totals.ioRead,
        totals.ioWrite,
        totals.samples,
        totals.firstSeconds - ORIGIN,
        totals.lastSeconds - ORIGIN,
      ],
    );
}

/** A packed bucket's first second, which stands behind its version and its samples, below 128 of them. */
const FIRST_SECOND_AT = 2;

/** A bucket moved to begin at `t`: its first second is a varint of five bytes, and everything else counts from it. */
const MOVED = [0, 1, 2, 3, 4].reduce(
  (bucket, i) =>
    `set_byte(${bucket}, ${FIRST_SECOND_AT + i}, ((t >> ${7 * i}) & 127${i < 4 ? ' | 128' : ''})::int)`,
  'b.bucket',
);

/** Fills one tier between two times, $1 and $4, of agents 0 to below $3, in the order in which it would have come. */
export async function fillTier(
  client: pg.Client,
  view: string,
  tier: 'minutes' | 'hours',
  { from, to, agents, stepSeconds }: { from: number; to: number; agents: number; stepSeconds: number },
): Promise<void> {
  const tables = rollupTablesOf(view);
  const [column, width] = tier === 'minutes' ? ['minute', 60] : ['hour', 3_600];
  const all = `generate_series($1::bigint, $4::bigint - 1, ${width}) t CROSS JOIN generate_series(0, $3::int - 1) agent`;
  const values = [from, stepSeconds, agents, to];
  await client.query(
    `INSERT INTO ${quoteName(tables[tier])} (agent_id, ${column}, ${TIER_COLUMNS}, bucket)
     SELECT ${AGENT}, to_timestamp(t), ${TIER_COLUMNS}, ${MOVED}
     FROM ${all} JOIN bench_${tier} b ON b.place = ${PLACE.replace('$2', '$2::bigint')}`,
    values,
  );
  if (tier === 'minutes') return;
  await client.query(
    `INSERT INTO ${quoteName(tables.processHours)} (agent_id, hour, ${PROCESS_COLUMNS}, first_seen, last_seen)
     SELECT ${AGENT}, to_timestamp(t), ${PROCESS_COLUMNS}, to_timestamp(t + first_after), to_timestamp(t + last_after)
     FROM ${all} JOIN bench_process_hours b ON b.place = ${PLACE.replace('$2', '$2::bigint')}`,
    values,
  );
}
