import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { UnavailableError } from '../../core/errors.ts';
import { createLogger } from '../../core/platform/logger.ts';
import { migrate } from '../../core/schema/migrate.ts';
import { FIXED_TABLES, packedTableOf, rollupTablesOf } from '../../core/stores/postgres/tableNames.ts';
import { openPrisma, type PrismaConnection } from '../../core/platform/prisma.ts';
import { findSchemaDrift } from '../../core/schema/schemaDrift.ts';
import { toSnapshotRow } from '../../core/snapshot/row.ts';
import { createSnapshotStore } from '../../core/stores/postgres/snapshots.ts';
import { createUpgrade, type Upgrade } from '../../core/upgrade/moveRows.ts';
import { nowSeconds } from '../../core/time.ts';
import { runUpgrade } from '../../workers/prune/upgrade.ts';
import { runCompiled } from '../support/compiled.ts';
import { silentLog, snapshotAt, snapshotRow } from '../support/history.ts';
import { CREATE_SEED_TABLE, DAMAGED_EVERY, fillSeedTable } from '../support/seedTable.ts';
import { createTestDatabase, type TestDatabase } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

const TABLE = 'metrics_snapshots';
const SEED = 'metrics_snapshots_before_topline';
const DAY = 86_400;

/** Tables and views of a new installation. */
const AS_NEW = [
  '_prisma_migrations',
  TABLE,
  ...[packedTableOf(TABLE), ...Object.values(rollupTablesOf(TABLE))].toSorted(),
  ...FIXED_TABLES.toSorted(),
];

let database: TestDatabase;
let client: pg.Client;
let prisma: PrismaConnection;

beforeEach(async () => {
  database = await createTestDatabase();
  client = await connect();
  prisma = openPrisma({ dsn: database.dsn, log: silentLog, applicationName: 'test', poolSize: 4 });
  await client.query(CREATE_SEED_TABLE);
});

afterEach(async () => {
  await prisma.close();
  await client.end();
  await database.close();
});

async function connect(): Promise<pg.Client> {
  const connection = new pg.Client({ connectionString: database.dsn });
  await connection.connect();
  return connection;
}

function start(log = silentLog) {
  return migrate({ dsn: database.dsn, table: TABLE, log });
}

function upgradeOf(options: { retentionDays?: number; pageRows?: number } = {}): Upgrade {
  return createUpgrade({ prisma: prisma.handle, table: TABLE, retentionDays: 30, pageRows: 100, ...options });
}

/** Moves all there is, as a worker does, without its pauses. */
async function moveAll(upgrade = upgradeOf(), log = silentLog): Promise<void> {
  const calledOff = new AbortController();
  const done = runUpgrade({ upgrade, log, signal: calledOff.signal, restShare: 0 });
  // It goes on looking after refused rows.
  await waitFor(async () => (await upgrade.progress())?.moving !== true);
  calledOff.abort();
  await done;
}

async function valueOf<T>(sql: string, values: unknown[] = []): Promise<T | undefined> {
  const { rows } = await client.query<[T]>({ text: sql, values, rowMode: 'array' });
  return rows[0]?.[0];
}

const countShown = () => valueOf<number>(`SELECT count(*)::int FROM ${TABLE}`);
const relations = () =>
  valueOf<string[]>(
    `SELECT array_agg(relname::text ORDER BY relname::text COLLATE "C") FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')`,
  );

/** What a reader of the old table selects, with numbers as text so that nothing is rounded. */
const READ_AS_BEFORE = `
SELECT epoch_seconds, timestamp_utc, total_cpu_percent, coalesce(system_memory_total_mb, 0) AS total,
  coalesce(system_memory_used_mb, 0) AS used, created_at::text,
  coalesce(nullif(per_core_cpu_percent, 'null'), '[]')::text::jsonb AS cores,
  (SELECT coalesce(jsonb_agg('{"thread_count": 0, "io_read_mb": 0, "io_write_mb": 0, "handle_count": 0}' || p), '[]')
   FROM jsonb_array_elements(coalesce(top_processes, '[]')) p) AS processes
FROM ${TABLE} ORDER BY timestamp_utc, total_cpu_percent`;

describe('at the first start on the table of the service before', () => {
  test('its rows are shown at once, as those of the agent default, and new ones beside them', async () => {
    const startSeconds = nowSeconds() - 4_000;
    await fillSeedTable(client, { rows: 1_000, startSeconds, damaged: true });
    const before = (await client.query(READ_AS_BEFORE)).rows;
    await start();
    expect((await client.query(READ_AS_BEFORE)).rows).toEqual(before);
    await createSnapshotStore({ prisma: prisma.handle, table: TABLE, retentionDays: 30 }).insert([
      snapshotRow(1, nowSeconds()),
    ]);
    const { rows } = await client.query(
      `SELECT agent_id, count(*)::int AS rows, min(id) > 1000 AS later FROM ${TABLE} GROUP BY 1 ORDER BY 1`,
    );
    expect(rows).toEqual([
      { agent_id: 'default', rows: 1_000, later: false },
      { agent_id: 'web-01', rows: 1, later: true },
    ]);
    expect(await start()).toEqual({ applied: [] });
  });

  test('an empty one is taken over as well', async () => {
    await start();
    await moveAll();
    expect(await relations()).toEqual(AS_NEW);
  });

  test('a condition on the time finds the index of the old table, and the order by time needs no sort', async () => {
    await fillSeedTable(client, { rows: 20_000, startSeconds: nowSeconds() - 40_000 });
    const files = async () =>
      (await client.query<{ file: string }>(`SELECT relfilenode::text AS file FROM pg_class`)).rows.map(
        ({ file }) => file,
      );
    const before = await valueOf<string[]>(
      `SELECT array_agg(relfilenode::text) FROM pg_class WHERE relname ~ '${TABLE}' AND relkind IN ('r', 'i')`,
    );
    await start();
    // Nothing was written anew: neither the table nor any of its three indexes.
    expect(before).toHaveLength(4);
    expect(await files()).toEqual(expect.arrayContaining(before ?? []));
    await client.query(`ANALYZE ${SEED}`);
    const plan = async (sql: string) => JSON.stringify((await client.query(`EXPLAIN ${sql}`)).rows);
    const range = `timestamp_utc BETWEEN now() - interval '2 minutes' AND now() - interval '1 minute'`;
    expect(await plan(`SELECT top_processes FROM ${TABLE} WHERE ${range}`)).toMatch(
      /(Index|Bitmap Index) Scan [^"]*_before_topline_timestamp_utc_idx/,
    );
    const newest = await plan(`SELECT id FROM ${TABLE} ORDER BY timestamp_utc DESC LIMIT 10`);
    expect(newest).toContain('Merge Append');
    expect(newest).toContain(`${SEED}_timestamp_utc_idx`);
    // Rows of other agents are not looked for among those of the default one.
    expect(await plan(`SELECT id FROM ${TABLE} WHERE agent_id = 'web-01'`)).not.toContain(SEED);
  });

  test('whoever could read it can read the view', async () => {
    const role = `reader_${new URL(database.dsn).pathname.slice(1)}`;
    await client.query(`CREATE ROLE ${role}; GRANT SELECT ON ${TABLE} TO ${role}`);
    try {
      await start();
      expect(await valueOf('SELECT has_table_privilege($1, $2, $3)', [role, TABLE, 'SELECT'])).toBe(true);
      expect(await valueOf('SELECT has_table_privilege($1, $2, $3)', [role, TABLE, 'INSERT'])).toBe(false);
    } finally {
      await client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });

  test('a transaction that reads it and does not end holds up nothing but the renaming', async () => {
    await fillSeedTable(client, { rows: 10, startSeconds: nowSeconds() - 100 });
    const holder = await connect();
    const lines: string[] = [];
    const log = createLogger({
      level: 'warn',
      name: 'test',
      destination: { write: (line) => void lines.push(line) },
    });
    await holder.query(`BEGIN; SET LOCAL application_name = 'slow report'; SELECT FROM ${TABLE}`);
    await expect(start(log)).rejects.toThrow(UnavailableError);
    expect(lines.join()).toContain('slow report');
    // Nobody queues up behind us, and nothing is half done.
    expect(await countShown()).toBe(10);
    expect(await relations()).toEqual(['_prisma_migrations', TABLE]);
    await holder.query('COMMIT');
    await holder.end();
    await start();
    expect(await countShown()).toBe(10);
  });

  test('a name of ours that somebody else has is told, and nothing is touched', async () => {
    await client.query(`CREATE TABLE ${TABLE}_refused (id int)`);
    await expect(start()).rejects.toThrow(/something called "metrics_snapshots_refused"/);
    expect(await valueOf(`SELECT relkind::text FROM pg_class WHERE relname = '${TABLE}'`)).toBe('r');
  });

  test('what an earlier version had put aside is shown again', async () => {
    await fillSeedTable(client, { rows: 30, startSeconds: nowSeconds() - 100 });
    await client.query(`ALTER TABLE ${TABLE} RENAME TO ${SEED};
      ALTER INDEX metrics_snapshots_pkey RENAME TO ${SEED}_pkey; ALTER INDEX metrics_snapshots_timestamp_utc_idx RENAME TO ${SEED}_timestamp_utc_idx;
      CREATE TABLE hidden AS SELECT 1; ALTER TABLE ${SEED} RENAME TO elsewhere`);
    await start();
    await client.query(`ALTER TABLE elsewhere RENAME TO ${SEED}`);
    expect(await countShown()).toBe(0);
    expect(await start()).toEqual({ applied: [] });
    expect(await countShown()).toBe(30);
    await moveAll();
    expect(await countShown()).toBe(30);
  });
});

test('what was moved is begun anew, as a message says, and what is left is shown and moved on', async () => {
  await fillSeedTable(client, { rows: 250, startSeconds: nowSeconds() - 1_000 });
  await start();
  await upgradeOf().movePage();
  await client.query(`DROP TABLE ${TABLE}_packed CASCADE`);
  const message = String(await start().catch((reason: unknown) => reason));
  await client.query(message.slice(message.indexOf('DROP TABLE')));
  await start();
  expect(await countShown()).toBe(150);
  await moveAll();
  expect(await countShown()).toBe(150);
  expect(await relations()).toEqual(AS_NEW);
});

describe('POSTGRES_TABLE', () => {
  test.each(['Mixed_Case', 'm'.repeat(63)])('may be %s', async (table) => {
    await client.query(`ALTER TABLE ${TABLE} RENAME TO "${table}"`);
    await client.query(
      `INSERT INTO "${table}" (timestamp_utc, epoch_seconds, total_cpu_percent) VALUES (now(), ${nowSeconds()}, 5)`,
    );
    await migrate({ dsn: database.dsn, table, log: silentLog });
    expect(await valueOf(`SELECT total_cpu_percent FROM "${table}"`)).toBe(5);
    const upgrade = createUpgrade({ prisma: prisma.handle, table, retentionDays: 30 });
    await moveAll(upgrade);
    expect(await upgrade.progress()).toBeUndefined();
    expect(await valueOf(`SELECT total_cpu_percent FROM "${table}"`)).toBe(5);
  });

  test('changed while rows are being moved, the statements of the message take all of them along', async () => {
    await fillSeedTable(client, { rows: 10, startSeconds: nowSeconds() - 100 });
    await start();
    const error: unknown = await migrate({ dsn: database.dsn, table: 'new_name', log: silentLog }).catch(
      (reason: unknown) => reason,
    );
    const message = String(error);
    await client.query(message.slice(message.indexOf('ALTER TABLE')));
    const upgrade = createUpgrade({ prisma: prisma.handle, table: 'new_name', retentionDays: 30 });
    await moveAll(upgrade);
    expect(await upgrade.progress()).toBeUndefined();
    expect(await valueOf('SELECT count(*)::int FROM new_name_packed')).toBe(10);
  });
});

describe('the move into the partitioned table', () => {
  test('keeps every row as it was, and ends with what a new installation has', async () => {
    const fresh = await createTestDatabase();
    const startSeconds = (Math.floor(nowSeconds() / DAY) - 2) * DAY - 1_000;
    await fillSeedTable(client, { rows: 1_500, startSeconds });
    const before = (await client.query(READ_AS_BEFORE)).rows;
    await start();
    await moveAll();
    expect((await client.query(READ_AS_BEFORE)).rows).toEqual(before);
    expect(await valueOf(`SELECT count(*)::int FROM ${TABLE}_packed WHERE received_at = created_at`)).toBe(
      1_500,
    );
    expect(await relations()).toEqual(AS_NEW);
    expect(await findSchemaDrift({ dsn: database.dsn })).toBeUndefined();
    const definition = `SELECT pg_get_viewdef('${TABLE}'::regclass)`;
    await migrate({ dsn: fresh.dsn, table: TABLE, log: silentLog });
    const other = new pg.Client({ connectionString: fresh.dsn });
    await other.connect();
    expect(await valueOf(definition)).toBe((await other.query(definition)).rows[0].pg_get_viewdef);
    await other.end();
    await fresh.close();
  });

  test('begins with the newest', async () => {
    const startSeconds = nowSeconds() - 2_000;
    await fillSeedTable(client, { rows: 500, startSeconds });
    await start();
    await upgradeOf().movePage();
    expect(await valueOf(`SELECT extract(epoch FROM min(timestamp_utc))::int FROM ${TABLE}_packed`)).toBe(
      startSeconds + 2 * 400,
    );
  });

  test('shows each row once at every moment, also of those that are refused', async () => {
    await fillSeedTable(client, { rows: 3_000, startSeconds: nowSeconds() - 7_000, damaged: true });
    await start();
    const reader = await connect();
    const over = new AbortController();
    const counts = new Map<string, number>();
    const reading = (async () => {
      while (!over.signal.aborted) {
        const { rows } = await reader.query(
          `SELECT count(*)::int || ' ' || count(DISTINCT epoch_seconds)::int AS counts FROM ${TABLE}`,
        );
        counts.set(rows[0].counts, (counts.get(rows[0].counts) ?? 0) + 1);
      }
    })();
    await moveAll(upgradeOf({ pageRows: 50 }));
    over.abort();
    await reading;
    await reader.end();
    expect([...counts.keys()]).toEqual(['3000 3000']);
    expect(counts.get('3000 3000')).toBeGreaterThan(20);
  });

  test('sets rows aside that are no snapshots, says why, and drops their table once they are gone', async () => {
    await fillSeedTable(client, { rows: 200, startSeconds: nowSeconds() - 1_000, damaged: true });
    await client.query(`
      ALTER TABLE ${TABLE} ALTER timestamp_utc DROP NOT NULL, ALTER epoch_seconds DROP NOT NULL;
      INSERT INTO ${TABLE} (timestamp_utc, epoch_seconds, total_cpu_percent, top_processes) VALUES
        (now(), NULL, 'NaN', NULL), (NULL, NULL, 1, NULL), (now(), 1e15, 1, NULL),
        ('infinity', NULL, 1, NULL), ('-infinity', NULL, 1, NULL), (now(), -5, 1, NULL),
        (now(), NULL, 1, '{"pid": 1}'), (now(), NULL, 1, '[{"pid": 1, "name": "x", "cpu_percent": 1e400, "memory_mb": 1}]'),
        (now(), NULL, 1, (SELECT jsonb_agg('{"pid": 1, "name": "x", "cpu_percent": 1, "memory_mb": 1}'::jsonb) FROM generate_series(1, 13)))`);
    // These can be moved: a time is there in one of the two columns.
    await client.query(`
      INSERT INTO ${TABLE} (timestamp_utc, epoch_seconds, total_cpu_percent) VALUES
        (NULL, ${nowSeconds() - 5}, 77), (now(), NULL, 78)`);
    const before = await countShown();
    const lines: string[] = [];
    const log = createLogger({
      level: 'warn',
      name: 'test',
      destination: { write: (line) => void lines.push(line) },
    });
    await start();
    const upgrade = upgradeOf({ retentionDays: 0 });
    await moveAll(upgrade, log);
    const refused = 200 / DAMAGED_EVERY + 9;
    expect(await upgrade.progress()).toMatchObject({ moving: false, refused, moved: 198 });
    expect(await countShown()).toBe(before);
    expect(await valueOf(`SELECT count(*)::int FROM ${TABLE}_refused`)).toBe(refused);
    expect(await relations()).not.toContain(SEED);
    expect(lines.join()).toContain('total_cpu_percent: ');
    await client.query(`DELETE FROM ${TABLE}_refused`);
    expect(await upgrade.finish()).toBe('finished');
    expect(await upgrade.progress()).toBeUndefined();
    expect(await relations()).toEqual(AS_NEW);
  });

  test('has a snapshot once that is there twice, or was posted again', async () => {
    const timestamp = nowSeconds() - 50;
    const sent = snapshotAt(timestamp);
    for (let times = 0; times < 3; times++)
      await client.query(
        `INSERT INTO ${TABLE} (timestamp_utc, epoch_seconds, total_cpu_percent, per_core_cpu_percent, system_memory_total_mb,
           system_memory_used_mb, top_processes) VALUES (to_timestamp($1), $1, $2, $3, $4, $5, $6)`,
        [
          timestamp,
          sent.total_cpu_percent,
          JSON.stringify(sent.per_core_cpu_percent),
          sent.system_memory_total_mb,
          sent.system_memory_used_mb,
          JSON.stringify(sent.top_processes),
        ],
      );
    await start();
    const store = createSnapshotStore({ prisma: prisma.handle, table: TABLE, retentionDays: 30 });
    const posted = toSnapshotRow(sent, { agentId: 'default', receivedAtMs: Date.now() });
    expect(await store.insert([posted])).toMatchObject({ inserted: 1 });
    await moveAll();
    expect(await store.insert([posted])).toMatchObject({ duplicates: 1 });
    expect(await valueOf(`SELECT array_agg(snapshot_id) FROM ${TABLE}`)).toEqual([posted.snapshotId]);
  });

  test.each([
    [30, 500],
    [0, 1_000],
  ])('with a retention of %s days %s rows are kept', async (retentionDays, kept) => {
    const border = nowSeconds() - 30 * DAY;
    await fillSeedTable(client, { rows: 500, startSeconds: border - 2_000 });
    await fillSeedTable(client, { rows: 500, startSeconds: nowSeconds() - 2_000 });
    await start();
    await moveAll(upgradeOf({ retentionDays }));
    expect(await countShown()).toBe(kept);
    expect(await relations()).not.toContain(SEED);
  });

  test('makes the index that it needs, where somebody dropped it', async () => {
    await client.query(`DROP INDEX metrics_snapshots_timestamp_utc_idx`);
    await fillSeedTable(client, { rows: 300, startSeconds: nowSeconds() - 1_000 });
    await start();
    await upgradeOf().prepare();
    expect(await valueOf(`SELECT to_regclass('${SEED}_time_idx')::text`)).toBe(`${SEED}_time_idx`);
    expect(await upgradeOf().progress()).toMatchObject({ rowsEstimated: 300 });
    await moveAll();
    expect(await countShown()).toBe(300);
  });

  test('is not ended over somebody who uses the old table, and says so until it is', async () => {
    await fillSeedTable(client, { rows: 20, startSeconds: nowSeconds() - 100 });
    await client.query(`CREATE VIEW theirs AS SELECT id, timestamp_utc FROM ${TABLE}`);
    await start();
    const upgrade = upgradeOf();
    const calledOff = new AbortController();
    const done = runUpgrade({ upgrade, log: silentLog, signal: calledOff.signal, restShare: 0 });
    await waitFor(async () => (await upgrade.progress())?.obstacle?.includes('theirs'));
    calledOff.abort();
    await done;
    expect(await countShown()).toBe(20);
    await client.query('DROP VIEW theirs');
    await moveAll();
    expect(await relations()).toEqual(AS_NEW);
  });

  test('takes rows that somebody puts in behind it', async () => {
    await fillSeedTable(client, { rows: 200, startSeconds: nowSeconds() - 1_000 });
    await start();
    const upgrade = upgradeOf();
    await upgrade.movePage();
    await client.query(
      `INSERT INTO ${SEED} (timestamp_utc, epoch_seconds, total_cpu_percent) VALUES (now(), ${nowSeconds()}, 99)`,
    );
    await upgrade.movePage();
    expect(await upgrade.movePage()).toMatchObject({ rows: 0 });
    expect(await upgrade.finish()).toBe('left');
    await moveAll();
    expect(await countShown()).toBe(201);
  });
});

test('the way back that the documentation gives leads to a table of the service before', async () => {
  await fillSeedTable(client, { rows: 100, startSeconds: nowSeconds() - 1_000 });
  const before = (await client.query(READ_AS_BEFORE)).rows;
  await start();
  await upgradeOf({ pageRows: 40 }).movePage();
  const [, sql = ''] = /```sql\n([^]*?)```/.exec(await readFile('docs/upgrade.md', 'utf8')) ?? [];
  await client.query(sql);
  expect((await client.query(READ_AS_BEFORE.replace(TABLE, `${TABLE}_back`))).rows).toEqual(before);
});

describe('whatever happens to those who move', () => {
  /** A process that moves in small pages until there is nothing left. */
  function startMover(): ChildProcess {
    return runCompiled(
      {
        upgrade: 'core/upgrade/moveRows.js',
        prisma: 'core/platform/prisma.js',
        logger: 'core/platform/logger.js',
        worker: 'workers/prune/upgrade.js',
      },
      `const log = logger.createLogger({ level: 'silent', name: 'mover' });
       const connection = prisma.openPrisma({ dsn: ${JSON.stringify(database.dsn)}, log, applicationName: 'mover', poolSize: 1 });
       const move = upgrade.createUpgrade({ prisma: connection.handle, table: '${TABLE}', retentionDays: 30, pageRows: 40 });
       await worker.runUpgrade({ upgrade: move, log, signal: new AbortController().signal, restShare: 0 });
       await connection.close();`,
    );
  }

  test('killed at any moment, again and again, with snapshots coming in: none is lost, none doubled', async () => {
    const startSeconds = nowSeconds() - 10_000;
    await fillSeedTable(client, { rows: 4_000, startSeconds });
    await start();
    const store = createSnapshotStore({ prisma: prisma.handle, table: TABLE, retentionDays: 30 });
    const upgrade = upgradeOf();
    let posted = 0;
    let kills = 0;
    for (; kills < 6 && (await upgrade.progress()) !== undefined; kills++) {
      const before = (await upgrade.progress())?.moved ?? 0;
      const mover = startMover();
      // Killed in the middle of work, a random moment after it has begun.
      await waitFor(async () => ((await upgrade.progress())?.moved ?? Infinity) > before);
      const until = performance.now() + Math.random() * 150;
      while (performance.now() < until)
        posted += (await store.insert([snapshotRow(posted, nowSeconds())])).inserted;
      mover.kill('SIGKILL');
      await once(mover, 'exit');
      expect(await countShown()).toBe(4_000 + posted);
    }
    expect(kills).toBeGreaterThan(2);
    await moveAll();
    const { rows } = await client.query(
      `SELECT count(*)::int AS rows, count(DISTINCT epoch_seconds)::int AS times, min(epoch_seconds)::int AS first
       FROM ${TABLE} WHERE agent_id = 'default'`,
    );
    expect(rows).toEqual([{ rows: 4_000, times: 4_000, first: startSeconds }]);
    expect(await relations()).not.toContain(SEED);
  });

  test('three at once do the work of one', async () => {
    await fillSeedTable(client, { rows: 1_200, startSeconds: nowSeconds() - 3_000 });
    await start();
    await Promise.all([1, 2, 3].map(() => moveAll(upgradeOf({ pageRows: 50 }))));
    expect(await valueOf(`SELECT count(*)::int FROM ${TABLE}_packed`)).toBe(1_200);
    expect(await relations()).toEqual(AS_NEW);
  });

  test('called off, one ends after the page in hand', async () => {
    await fillSeedTable(client, { rows: 500, startSeconds: nowSeconds() - 3_000 });
    await start();
    const upgrade = upgradeOf({ pageRows: 50 });
    const calledOff = new AbortController();
    const done = runUpgrade({ upgrade, log: silentLog, signal: calledOff.signal, restShare: 50 });
    await waitFor(async () => ((await upgrade.progress())?.moved ?? 0) > 0);
    calledOff.abort();
    await done;
    expect(await upgrade.progress()).toMatchObject({ moving: true });
    expect(await countShown()).toBe(500);
  });

  test('a new installation has nothing to move', async () => {
    await client.query(`DROP TABLE ${TABLE}`);
    await start();
    const upgrade = upgradeOf();
    await runUpgrade({ upgrade, log: silentLog, signal: new AbortController().signal });
    expect(await relations()).toEqual(AS_NEW);
  });
});
