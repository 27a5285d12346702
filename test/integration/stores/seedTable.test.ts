import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { toSnapshotRow } from '../../../core/snapshotRow.ts';
import { snapshotSchema } from '../../../core/contracts/snapshot.ts';
import { adoptSeedRows, type AdoptedDay } from '../../../core/stores/seedTable.ts';
import { createSnapshotStore } from '../../../core/stores/snapshots.ts';
import { nowSeconds } from '../../../core/time.ts';
import { createTestHistory, type TestHistory } from '../../support/history.ts';

const DAY = 86_400;
const PROCESSES = '[{"pid": 1, "name": "a\\"b", "cpu_percent": 1.50, "memory_mb": 2}]';

let history: TestHistory;
beforeEach(async () => {
  history = await createTestHistory();
  await history.prisma.$executeRawUnsafe(`
    CREATE TABLE seed (
      id BIGSERIAL PRIMARY KEY, timestamp_utc TIMESTAMPTZ NOT NULL, epoch_seconds BIGINT NOT NULL,
      total_cpu_percent DOUBLE PRECISION NOT NULL, per_core_cpu_percent JSONB,
      system_memory_total_mb DOUBLE PRECISION, system_memory_used_mb DOUBLE PRECISION,
      top_processes JSONB, created_at TIMESTAMPTZ NOT NULL DEFAULT now())`);
});
afterEach(() => history.close());

async function seed(
  epochSeconds: number,
  count: number,
  cpu = 12.5,
  processes: string | null = PROCESSES,
): Promise<void> {
  await history.prisma.$executeRawUnsafe(
    `INSERT INTO seed (timestamp_utc, epoch_seconds, total_cpu_percent, top_processes)
     SELECT to_timestamp(t), t, $3, $4::jsonb FROM generate_series($1::bigint, $1::bigint + $2::int - 1) t`,
    epochSeconds,
    count,
    cpu,
    processes,
  );
}

async function adopt(retentionDays = 30): Promise<AdoptedDay[]> {
  const { prisma, table } = history;
  const store = createSnapshotStore({ prisma, table, retentionDays });
  const days: AdoptedDay[] = [];
  for await (const day of adoptSeedRows({ prisma, store, seedTable: 'seed' })) days.push(day);
  return days;
}

test('rows are copied day by day, once however often it is run', async () => {
  const start = (Math.floor(nowSeconds() / DAY) - 3) * DAY;
  await seed(start, 700);
  await seed(start + DAY, 1_200);
  const counts = await adopt();
  expect(counts.map(({ read, inserted }) => [read, inserted])).toEqual([
    [700, 700],
    [1_200, 1_200],
  ]);
  expect(counts[0]?.day).toBe(new Date(start * 1000).toISOString().slice(0, 10));
  expect((await adopt()).map(({ inserted, duplicates }) => [inserted, duplicates])).toEqual([
    [0, 700],
    [0, 1_200],
  ]);
});

test('a copied row is the snapshot that the API would have stored', async () => {
  const timestamp = nowSeconds() - 60;
  await seed(timestamp, 1);
  await adopt();
  const sent = snapshotSchema.parse({
    timestamp,
    total_cpu_percent: 12.5,
    top_processes: JSON.parse(PROCESSES),
  });
  expect(
    await history.prisma.$queryRawUnsafe(
      'SELECT agent_id, snapshot_id, top_processes FROM metrics_snapshots',
    ),
  ).toEqual([
    {
      agent_id: 'default',
      snapshot_id: toSnapshotRow(sent, { agentId: 'default', receivedAtMs: 0 }).snapshotId,
      top_processes: sent.top_processes,
    },
  ]);
});

test('what is too old, unreadable or half empty does not stop the rest', async () => {
  const now = nowSeconds();
  await seed(now - 40 * DAY, 2);
  await seed(now - 100, 1, 250);
  await seed(now - 99, 1, 1, null);
  const totals = (await adopt()).map(({ inserted, expired, damaged }) => ({ inserted, expired, damaged }));
  expect(totals.reduce((sum, { expired }) => sum + expired, 0)).toBe(2);
  expect(totals.reduce((sum, { damaged }) => sum + damaged, 0)).toBe(1);
  expect(totals.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(1);
});

test('an empty table is copied at once', async () => {
  expect(await adopt()).toEqual([]);
});
