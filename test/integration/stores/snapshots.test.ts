import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { RejectedDataError, UnavailableError } from '../../../core/errors.ts';
import { openPrisma } from '../../../core/platform/prisma.ts';
import { isRetryablePostgresError, sqlStateOf } from '../../../core/platform/postgresErrors.ts';
import type { SnapshotRow } from '../../../core/snapshot/row.ts';
import { createSnapshotStore } from '../../../core/stores/postgres/snapshots.ts';
import { nowSeconds } from '../../../core/time.ts';
import {
  createTestHistory,
  silentLog,
  snapshotAt,
  snapshotIdOf,
  snapshotRow,
  type TestHistory,
} from '../../support/history.ts';

const DAY = 86_400;
const STARTED = nowSeconds();

let history: TestHistory;
beforeAll(async () => (history = await createTestHistory()));
afterAll(() => history.close());

function storeWith(retentionDays: number) {
  return createSnapshotStore({ prisma: history.prisma, table: history.table, retentionDays });
}

async function rowsOf(agentId: string): Promise<Record<string, unknown>[]> {
  return history.prisma.$queryRawUnsafe(
    'SELECT * FROM metrics_snapshots WHERE agent_id = $1 ORDER BY epoch_seconds',
    agentId,
  );
}

function batch(agentId: string, count: number, from = 0): SnapshotRow[] {
  return Array.from({ length: count }, (_, i) => snapshotRow(from + i, STARTED - (from + i) * 2, agentId));
}

describe('inserting snapshots', () => {
  test('a snapshot is stored with every column of the contract', async () => {
    const timestamp = nowSeconds();
    await storeWith(30).insert([snapshotRow(1, timestamp, 'columns')]);
    const [row] = await rowsOf('columns');
    expect(row).toMatchObject({
      agent_id: 'columns',
      snapshot_id: snapshotIdOf(1),
      timestamp_utc: new Date(timestamp * 1000),
      epoch_seconds: BigInt(timestamp),
      total_cpu_percent: 45.2,
      per_core_cpu_percent: [40.1, 50.3],
      system_memory_total_mb: 16_000,
      system_memory_used_mb: 8_000.5,
      top_processes: snapshotAt(timestamp).top_processes,
      received_at: new Date(timestamp * 1000 + 250),
    });
    expect(typeof row?.['id']).toBe('bigint');
    expect(row?.['created_at']).toBeInstanceOf(Date);
  });

  test('an empty batch is nothing to do', async () => {
    expect(await storeWith(30).insert([])).toEqual({ inserted: 0, duplicates: 0, expired: 0 });
  });

  test('a row that is twice in one batch is stored once', async () => {
    const [row] = batch('twice', 1) as [SnapshotRow];
    expect(await storeWith(30).insert([row, row, row])).toEqual({ inserted: 1, duplicates: 2, expired: 0 });
  });

  test('a batch that comes again, whole or in part, adds only what is new', async () => {
    const store = storeWith(30);
    await store.insert(batch('again', 100));
    expect(await store.insert(batch('again', 150))).toEqual({ inserted: 50, duplicates: 100, expired: 0 });
    expect(await rowsOf('again')).toHaveLength(150);
  });

  test('the same batch written by many at once, each in an order of its own, is stored once', async () => {
    const rows = batch('at once', 200);
    const orders = Array.from({ length: 6 }, (_, i) => (i % 2 === 0 ? rows : rows.toReversed()));
    const results = await Promise.all(orders.map((order) => storeWith(30).insert(order)));
    expect(results.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(200);
    expect(results.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(1_000);
    expect(await rowsOf('at once')).toHaveLength(200);
  });

  test('two agents may send the same thing at the same time', async () => {
    const timestamp = nowSeconds();
    const rows = [snapshotRow(7, timestamp, 'left'), snapshotRow(7, timestamp, 'right')];
    expect(await storeWith(30).insert(rows)).toMatchObject({ inserted: 2, duplicates: 0 });
  });

  test('names with quotes, backslashes, emoji and replacement characters come back as they were', async () => {
    const names = ['a"b', "it's", 'C:\\temp\\x', '🦊 fox 🦊', '\ufffd\ufffd', '{1,2}', 'tab\there', '  ', ''];
    const [process] = snapshotAt(0).top_processes;
    if (process === undefined) throw new Error('the snapshot has a process');
    const top_processes = names.map((name) => ({ ...process, name }));
    await storeWith(30).insert([snapshotRow(8, nowSeconds(), 'names', { top_processes })]);
    const stored = await rowsOf('names');
    expect(stored).toMatchObject([{ top_processes: names.map((name) => ({ name })) }]);
  });

  test('extreme numbers are kept exactly', async () => {
    const changes = {
      system_memory_total_mb: Number.MAX_VALUE,
      system_memory_used_mb: Number.MIN_VALUE,
      per_core_cpu_percent: [0.1 + 0.2, Number.MAX_SAFE_INTEGER, -0.5],
    };
    await storeWith(30).insert([snapshotRow(9, nowSeconds(), 'numbers', changes)]);
    expect((await rowsOf('numbers'))[0]).toMatchObject(changes);
  });

  test('what is older than the retention is counted and not stored', async () => {
    const now = nowSeconds();
    const rows = [31, 30.001, 29.999, 0].map((days, i) =>
      snapshotRow(i, Math.floor(now - days * DAY), 'old'),
    );
    expect(await storeWith(30).insert(rows)).toEqual({ inserted: 2, duplicates: 0, expired: 2 });
  });

  test.each([0, -1, Number.MIN_SAFE_INTEGER])(
    'a retention of %d days keeps the oldest of timestamps',
    async (retention) => {
      const agentId = `ancient ${retention}`;
      expect(await storeWith(retention).insert([snapshotRow(1, 0, agentId)])).toMatchObject({ inserted: 1 });
      expect(await rowsOf(agentId)).toHaveLength(1);
    },
  );

  test('a batch with a row that cannot be stored leaves nothing behind and is no outage', async () => {
    const [good, bad] = batch('bad', 2) as [SnapshotRow, SnapshotRow];
    bad.agentId = 'bad\u0000';
    const error: unknown = await storeWith(30)
      .insert([good, bad])
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RejectedDataError);
    expect(error).not.toBeInstanceOf(UnavailableError);
    expect(isRetryablePostgresError(error)).toBe(false);
    expect(sqlStateOf((error as Error).cause)).toBe('22021');
    expect(await rowsOf('bad')).toHaveLength(0);
  });
});

describe('races that PostgreSQL decides against us', () => {
  /** From now on the first `times` inserts fail with this state. */
  async function failInserts(state: string, times: number): Promise<void> {
    const statements = [
      'DROP SEQUENCE IF EXISTS failures',
      'CREATE SEQUENCE failures',
      `CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF nextval('failures') <= ${times} THEN RAISE 'on purpose' USING ERRCODE = '${state}'; END IF;
         RETURN NULL;
       END $$`,
      'CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON metrics_snapshots_packed FOR EACH STATEMENT EXECUTE FUNCTION fail()',
    ];
    for (const statement of statements) await history.prisma.$executeRawUnsafe(statement);
  }

  afterEach(() => history.prisma.$executeRawUnsafe('DROP TRIGGER fail ON metrics_snapshots_packed'));

  test.each(['40P01', '40001'])('%s is tried again at once', async (state) => {
    await failInserts(state, 3);
    expect(await storeWith(30).insert(batch(`race ${state}`, 5))).toMatchObject({ inserted: 5 });
  });

  test('what goes on and on is an outage, not a fault of the batch', async () => {
    await failInserts('40P01', 1_000);
    await expect(storeWith(30).insert(batch('race lost', 5))).rejects.toThrow(UnavailableError);
  });

  test('a full disk is not tried again at once', async () => {
    await failInserts('53100', 1);
    await expect(storeWith(30).insert(batch('disk', 5))).rejects.toThrow(UnavailableError);
    expect(await storeWith(30).insert(batch('disk', 5))).toMatchObject({ inserted: 5 });
  });
});

describe('a PostgreSQL that is away', () => {
  test('opening a client needs no server, and each call says that it is worth repeating', async () => {
    const prisma = openPrisma({
      dsn: 'postgresql://nobody:secret@127.0.0.1:1/nothing',
      log: silentLog,
      applicationName: 'test',
      poolSize: 1,
    });
    const store = createSnapshotStore({
      prisma: prisma.handle,
      table: 'metrics_snapshots',
      retentionDays: 30,
    });
    const calls = [store.ping(), store.insert(batch('away', 1)), store.ensureAhead(), store.prune()];
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(UnavailableError) });
      expect(String((result as PromiseRejectedResult).reason)).not.toContain('secret');
    }
    await prisma.close();
    await prisma.close();
  });

  test('connections that are cut are replaced', async () => {
    const prisma = openPrisma({
      dsn: history.dsn,
      log: silentLog,
      applicationName: 'to be cut',
      poolSize: 2,
    });
    const store = createSnapshotStore({ prisma: prisma.handle, table: history.table, retentionDays: 30 });
    await Promise.all([store.ping(), store.ping()]);
    await history.prisma.$queryRawUnsafe(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'to be cut' AND datname = current_database()`,
    );
    // At most one call for each cut connection can still be handed it.
    const results = await Promise.allSettled([store.ping(), store.ping()]);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(UnavailableError);
    }
    await store.ping();
    await prisma.close();
  });

  test('a statement that runs into its timeout is worth repeating', async () => {
    const prisma = openPrisma({
      dsn: history.dsn,
      log: silentLog,
      applicationName: 'test',
      poolSize: 1,
      statementTimeoutMs: 100,
    });
    const error = await prisma.handle
      .$queryRawUnsafe('SELECT pg_sleep(30)::text')
      .catch((reason: unknown) => reason);
    expect(sqlStateOf(error)).toBe('57014');
    expect(isRetryablePostgresError(error)).toBe(true);
    await prisma.close();
  });
});
