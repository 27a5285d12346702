import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import type { Measurements } from '../../../core/snapshot/codec.ts';
import { createSnapshotStore } from '../../../core/stores/postgres/snapshots.ts';
import { nowSeconds } from '../../../core/time.ts';
import { createTestHistory, snapshotRow, type TestHistory } from '../../support/history.ts';
import { anyMeasurements } from '../../support/measurements.ts';
import { recordedSnapshots } from '../../support/snapshots.ts';

let history: TestHistory;
beforeAll(async () => (history = await createTestHistory()));
afterAll(() => history.close());

const ROLE = 'topline_view_reader';

const SELECT_MEASUREMENTS =
  'SELECT per_core_cpu_percent, top_processes FROM metrics_snapshots WHERE agent_id = $1 ORDER BY timestamp_utc';

async function readBack(agentId: string, cast = ''): Promise<unknown[]> {
  const sql = SELECT_MEASUREMENTS.replaceAll(/(per_core_cpu_percent|top_processes)/g, `$1${cast} AS $1`);
  return history.prisma.$queryRawUnsafe(sql, agentId);
}

/** @param inOrder by their timestamps */
async function store(agentId: string, inOrder: Measurements[]): Promise<void> {
  const start = nowSeconds() - inOrder.length;
  await createSnapshotStore({ ...history, retentionDays: 30 }).insert(
    inOrder.map(({ per_core_cpu_percent, top_processes }, i) =>
      snapshotRow(i, start + i, agentId, { per_core_cpu_percent, top_processes }),
    ),
  );
}

describe('the view of the history', () => {
  test('shows the recorded snapshots as they were sent', async () => {
    const recorded = recordedSnapshots(nowSeconds());
    await store('recorded', recorded);
    expect(await readBack('recorded')).toEqual(
      recorded.map(({ per_core_cpu_percent, top_processes }) => ({ per_core_cpu_percent, top_processes })),
    );
  });

  test('shows whatever the schema admits as it was sent, to the last digit', async () => {
    const samples = fc.sample(anyMeasurements(), 400);
    await store('any', samples);
    // As text, because a client may read jsonb with numbers of its own: it is parsed here as JSON, like what was sent.
    const rows = (await readBack('any', '::text')) as {
      per_core_cpu_percent: string;
      top_processes: string;
    }[];
    const shown = rows.map(({ per_core_cpu_percent, top_processes }) => ({
      per_core_cpu_percent: JSON.parse(per_core_cpu_percent) as unknown,
      top_processes: JSON.parse(top_processes) as unknown,
    }));
    expect(shown).toEqual(JSON.parse(JSON.stringify(samples)));
  });

  test('shows a host of 4,096 cores, whose measurements do not fit into their row', async () => {
    const per_core_cpu_percent = Array.from({ length: 4_096 }, (_, i) => ((i * 7_919) % 10_000) / 100);
    await store('large', [{ per_core_cpu_percent, top_processes: [] }]);
    expect(await readBack('large')).toEqual([{ per_core_cpu_percent, top_processes: [] }]);
  });

  test('writes numbers as JSON does, without zeros behind them', async () => {
    const per_core_cpu_percent = [0, 50, 45.2, 0.01, 0.1 + 0.2, -12.5, 1e21];
    await store('written', [{ per_core_cpu_percent, top_processes: [] }]);
    expect(await readBack('written', '::text')).toEqual([
      {
        per_core_cpu_percent: '[0, 50, 45.2, 0.01, 0.30000000000000004, -12.5, 1000000000000000000000]',
        top_processes: '[]',
      },
    ]);
  });

  test('is readable from a session with another search path', async () => {
    await store('elsewhere', recordedSnapshots(nowSeconds()).slice(0, 1));
    const rows = await history.prisma.$transaction(async (tx) => {
      await tx.$executeRawUnsafe('SET LOCAL search_path TO pg_catalog');
      return tx.$queryRawUnsafe<unknown[]>(
        `SELECT top_processes, per_core_cpu_percent FROM public.metrics_snapshots WHERE agent_id = 'elsewhere'`,
      );
    });
    expect(rows).toMatchObject([{ per_core_cpu_percent: [0, 0] }]);
  });

  test('is all that a role has to be allowed to read', async () => {
    await store('granted', recordedSnapshots(nowSeconds()).slice(0, 1));
    const client = new pg.Client({ connectionString: history.dsn });
    await client.connect();
    try {
      // Rolled back with the connection: roles are the cluster's.
      await client.query(
        `BEGIN; CREATE ROLE ${ROLE}; GRANT SELECT ON metrics_snapshots TO ${ROLE}; SET LOCAL ROLE ${ROLE}`,
      );
      const { rows } = await client.query(
        `SELECT per_core_cpu_percent, top_processes FROM metrics_snapshots WHERE agent_id = 'granted'`,
      );
      expect(rows).toMatchObject([{ per_core_cpu_percent: [0, 0] }]);
    } finally {
      await client.end();
    }
  });

  test.each([
    ['SELECT id, epoch_seconds, agent_id, total_cpu_percent FROM metrics_snapshots', false],
    ['SELECT count(*) FROM metrics_snapshots WHERE system_memory_used_mb > 0', false],
    ['SELECT * FROM metrics_snapshots', true],
  ])('%s: unpacks %s', async (sql, unpacks) => {
    const plan = await history.prisma.$queryRawUnsafe<unknown[]>(`EXPLAIN (VERBOSE) ${sql}`);
    expect(/metrics_snapshots_(per_core_cpu_percent|top_processes)\(/.test(JSON.stringify(plan))).toBe(
      unpacks,
    );
  });

  test('a time condition on it leaves the other days unread', async () => {
    await store('pruned', recordedSnapshots(nowSeconds()).slice(0, 1));
    const plan = await history.prisma.$queryRawUnsafe<unknown[]>(
      `EXPLAIN SELECT top_processes FROM metrics_snapshots WHERE timestamp_utc > now() - interval '1 second'
       AND agent_id = 'pruned'`,
    );
    expect(JSON.stringify(plan)).toContain('Subplans Removed');
  });

  test('rows of a version that its functions do not know are an error that says so', async () => {
    await createSnapshotStore({ ...history, retentionDays: 30 }).insert([
      { ...snapshotRow(1, nowSeconds(), 'future'), measurements: Uint8Array.of(2, 0, 0) },
    ]);
    await expect(readBack('future')).rejects.toThrow(/packed measurements are of version 2/);
    await history.prisma.$executeRawUnsafe(`DELETE FROM metrics_snapshots WHERE agent_id = 'future'`);
  });
});
