import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { loadConfig } from '../../core/config.ts';
import { StartError, UnavailableError } from '../../core/errors.ts';
import { migrate } from '../../core/schema/migrate.ts';
import { findProjectFile } from '../../core/platform/projectRoot.ts';
import { openPrisma } from '../../core/platform/prisma.ts';
import { findSchemaDrift } from '../../core/schema/schemaDrift.ts';
import { FIXED_TABLES } from '../../core/stores/postgres/tableNames.ts';
import { createRollupStore } from '../../core/stores/postgres/rollups.ts';
import { createSnapshotStore } from '../../core/stores/postgres/snapshots.ts';
import { nowSeconds } from '../../core/time.ts';
import { silentLog, snapshotRow } from '../support/history.ts';
import { createTestDatabase, type TestDatabase } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

const ALL = [
  '20261124000000_init',
  '20261125010000_rollups',
  '20261125020000_agents',
  '20261125030000_alerting',
  '20261201000000_fixed_names',
];

let database: TestDatabase;
let client: pg.Client;
let directory: string;

beforeEach(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.dsn });
  await client.connect();
  directory = await mkdtemp(join(tmpdir(), 'topline-migrations-'));
});

afterEach(async () => {
  await client.end();
  await database.close();
  await rm(directory, { recursive: true, force: true });
});

function run(options: Partial<Parameters<typeof migrate>[0]> = {}) {
  return migrate({ dsn: database.dsn, table: 'metrics_snapshots', log: silentLog, ...options });
}

/** The first migrations alone, as a version before had them. */
async function firstMigrations(count: number): Promise<string> {
  const migrationsDir = join(directory, 'first');
  for (const name of ALL.slice(0, count))
    await cp(join(findProjectFile('prisma', 'migrations'), name), join(migrationsDir, name), {
      recursive: true,
    });
  return migrationsDir;
}

/** A copy of the project's migrations, with one more in it. */
async function migrationsWith(name: string, sql: string): Promise<string> {
  const migrationsDir = join(directory, 'migrations');
  await cp(findProjectFile('prisma', 'migrations'), migrationsDir, { recursive: true });
  await mkdir(join(migrationsDir, name));
  await writeFile(join(migrationsDir, name, 'migration.sql'), sql);
  return migrationsDir;
}

async function columnOf<T>(sql: string): Promise<T[]> {
  const { rows } = await client.query<[T]>({ text: sql, rowMode: 'array' });
  return rows.map(([value]) => value);
}

async function schemaWith(line: string): Promise<string> {
  const schema = await readFile(findProjectFile('prisma', 'schema.prisma'), 'utf8');
  const file = join(directory, 'schema.prisma');
  await writeFile(file, schema.replace('  @@map(', `  ${line}\n  @@map(`));
  return file;
}

describe('applying the migrations', () => {
  test('an empty database gets the view and the table behind it, and the second time there is nothing to do', async () => {
    expect(await run()).toEqual({ applied: ALL });
    expect(await run()).toEqual({ applied: [] });
    expect(
      await columnOf(
        `SELECT relkind::text FROM pg_class WHERE relname IN ('metrics_snapshots', 'metrics_snapshots_packed') ORDER BY relname`,
      ),
    ).toEqual(['v', 'p']);
    expect(
      await columnOf('SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL'),
    ).toEqual(ALL);
  });

  test('whoever has rows already is an agent, first and last seen when those were received', async () => {
    await run({ migrationsDir: await firstMigrations(2) });
    await client.query(`
      CREATE TABLE day_1 PARTITION OF metrics_snapshots_packed FOR VALUES FROM ('2026-11-01') TO ('2026-11-02');
      CREATE TABLE day_2 PARTITION OF metrics_snapshots_packed FOR VALUES FROM ('2026-11-02') TO ('2026-11-03');
      INSERT INTO metrics_snapshots_packed (agent_id, snapshot_id, timestamp_utc, total_cpu_percent,
        system_memory_total_mb, system_memory_used_mb, measurements, received_at)
      SELECT agent, gen_random_uuid(), at, 1, 0, 0, '\\x010000', at + interval '5 s'
      FROM (VALUES ('b', timestamptz '2026-11-01 10:00Z'), ('a', '2026-11-01 11:00Z'), ('b', '2026-11-01 12:00Z'),
        ('b', '2026-11-02 10:00Z')) AS rows (agent, at)`);
    expect(await run()).toEqual({ applied: ALL.slice(2) });
    const seen = `SELECT format('%s %s %s', agent_id, extract(day FROM first_seen), to_char(last_seen AT TIME ZONE 'UTC', 'DD HH24:MI:SS'))
      FROM topline_agents ORDER BY agent_id`;
    expect(await columnOf(seen)).toEqual(['a 1 01 11:00:05', 'b 1 02 10:00:05']);
  });

  test('four at once apply them once, and all find the table there', async () => {
    const results = await Promise.all([run(), run(), run(), run()]);
    expect(results.flatMap(({ applied }) => applied)).toEqual(ALL);
    expect(await columnOf('SELECT count(*)::int FROM _prisma_migrations')).toEqual([ALL.length]);
  });

  test('a look that falls into the moment in which another process commits waits for it instead of giving up', async () => {
    await run();
    // What such a look sees: the migration recorded, its tables not there yet. The other process holds the lock until then.
    await client.query(`SELECT pg_advisory_lock(hashtextextended('topline migrations', 0))`);
    await client.query('ALTER TABLE metrics_snapshots_packed RENAME TO not_yet');
    const looking = run();
    const outcome = looking.then(
      ({ applied }) => applied,
      (error: unknown) => error,
    );
    const waiting = `SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    await waitFor(async () => (await columnOf<number>(waiting))[0] === 1);
    await client.query('ALTER TABLE not_yet RENAME TO metrics_snapshots_packed');
    await client.query('SELECT pg_advisory_unlock_all()');
    expect(await outcome).toEqual([]);
  });

  test('a database with tables of somebody else, and migrations of theirs, is no obstacle', async () => {
    await client.query('CREATE TABLE somebody_elses (id int)');
    await run();
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('x', 'x', '20200101000000_theirs', now())`,
    );
    const migrationsDir = await migrationsWith('20300101000000_more', 'CREATE TABLE more (id int);');
    expect(await run({ migrationsDir })).toEqual({ applied: ['20300101000000_more'] });
  });

  test('a later migration is applied to a table with rows, whole scripts with semicolons anywhere in them', async () => {
    await run();
    const migrationsDir = await migrationsWith(
      '20300101000000_comment',
      `DO $$ BEGIN PERFORM 1; PERFORM 2; END $$; -- one; two
       COMMENT ON TABLE "metrics_snapshots_packed" IS 'a;b';`,
    );
    expect(await run({ migrationsDir })).toEqual({ applied: ['20300101000000_comment'] });
    expect(await columnOf(`SELECT obj_description('metrics_snapshots_packed'::regclass)`)).toEqual(['a;b']);
  });

  test('a database of the first version, with days and rows, is brought up to date', async () => {
    await run({ migrationsDir: await firstMigrations(1) });
    const prisma = openPrisma({ dsn: database.dsn, log: silentLog, applicationName: 'test', poolSize: 1 });
    const store = createSnapshotStore({
      prisma: prisma.handle,
      table: 'metrics_snapshots',
      retentionDays: 0,
    });
    const now = nowSeconds();
    // Asked for by the insert of today, which the first version did not have.
    await client.query('CREATE TABLE topline_forgotten_agents (agent_id text, forgotten_at timestamptz)');
    await store.insert([snapshotRow(1, now), snapshotRow(2, now - 86_400), snapshotRow(3, 1_000)]);
    await client.query('DROP TABLE topline_forgotten_agents');
    expect(await run()).toEqual({ applied: ALL.slice(1) });
    await store.insert([snapshotRow(4, now - 3 * 86_400)]);
    await prisma.close();
    const indexed = `SELECT tablename::text FROM pg_indexes WHERE schemaname = 'topline_partitions' AND indexdef LIKE '%(id)'`;
    expect(await columnOf(indexed)).toHaveLength(4);
    expect(await findSchemaDrift({ dsn: database.dsn })).toBeUndefined();
  });

  test('a migration that fails leaves nothing behind, is told, and is applied once it can be', async () => {
    await run();
    const name = '20300101000000_fails';
    const migrationsDir = await migrationsWith(name, 'CREATE TABLE half (id int); SELECT 1/0;');
    await expect(run({ migrationsDir })).rejects.toThrow(StartError);
    await expect(run({ migrationsDir })).rejects.toThrow(/division by zero/);
    expect(await columnOf(`SELECT to_regclass('half')::text`)).toEqual([null]);
    await writeFile(join(migrationsDir, name, 'migration.sql'), 'CREATE TABLE half (id int);');
    expect(await run({ migrationsDir })).toEqual({ applied: [name] });
  });

  test('a process that was killed in the middle of a migration leaves it to the next one', async () => {
    await run();
    const name = '20300101000000_killed';
    const migrationsDir = await migrationsWith(name, 'CREATE TABLE done (id int); SELECT pg_sleep(20);');
    const cutOff = run({ migrationsDir }).catch((error: unknown) => error);
    await waitFor(
      async () =>
        (
          await columnOf(
            `SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(20)%' AND pid <> pg_backend_pid()
             AND datname = current_database()`,
          )
        ).length > 0,
    );
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'topline migrations' AND datname = current_database()`,
    );
    expect(await cutOff).toBeInstanceOf(UnavailableError);
    await writeFile(join(migrationsDir, name, 'migration.sql'), 'CREATE TABLE done (id int);');
    expect(await run({ migrationsDir })).toEqual({ applied: [name] });
  });

  test('waiting for another process has an end, and says who is in the way', async () => {
    await client.query(`SELECT pg_advisory_lock(hashtextextended('topline migrations', 0))`);
    const waiting = run({ lockTimeoutMs: 200 });
    await expect(waiting).rejects.toThrow(UnavailableError);
    await expect(waiting).rejects.toThrow(/another process has been migrating/i);
  });

  test('a PostgreSQL that is away is worth another try, and no secret is told', async () => {
    const error = await run({ dsn: 'postgresql://me:secret@127.0.0.1:1/x' }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(UnavailableError);
    expect(String(error)).not.toContain('secret');
  });

  test.each(['LATIN1', 'SQL_ASCII'])(
    'a database in %s, which cannot hold every name, is refused before anything is made',
    async (encoding) => {
      const other = await createTestDatabase('template0', encoding);
      try {
        const refused = run({ dsn: other.dsn });
        await expect(refused).rejects.toThrow(StartError);
        await expect(refused).rejects.toThrow(
          new RegExp(`kept in ${encoding}.*POSTGRES_DSN.*ENCODING 'UTF8'`),
        );
      } finally {
        await other.close();
      }
    },
  );

  test('a role that may not make tables is told which right it lacks', async () => {
    const dsn = new URL(database.dsn);
    dsn.username = `limited_${dsn.pathname.slice(1)}`;
    dsn.password = 'limited';
    await client.query(
      `CREATE ROLE ${dsn.username} LOGIN PASSWORD 'limited'; REVOKE CREATE ON SCHEMA public FROM public`,
    );
    try {
      await expect(run({ dsn: dsn.href })).rejects.toThrow(
        /permission denied for schema public.*GRANT USAGE, CREATE/,
      );
      await client.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${dsn.username}`);
      // Still no right to make a schema: the days go where the table is.
      await run({ dsn: dsn.href });
      const prisma = openPrisma({ dsn: dsn.href, log: silentLog, applicationName: 'test', poolSize: 1 });
      await createSnapshotStore({
        prisma: prisma.handle,
        table: 'metrics_snapshots',
        retentionDays: 1,
      }).ensureAhead();
      await prisma.close();
      const schemas = `SELECT DISTINCT relnamespace::regnamespace::text FROM pg_class WHERE relispartition AND relkind = 'r'`;
      expect(await columnOf(schemas)).toEqual(['public']);
      expect(await findSchemaDrift({ dsn: dsn.href })).toBeUndefined();
    } finally {
      await client.query(`DROP OWNED BY ${dsn.username}; DROP ROLE ${dsn.username}`);
    }
  });

  test('a schema first in the search path is where all of it goes', async () => {
    await client.query('CREATE SCHEMA elsewhere');
    const { dsn } = loadConfig({ POSTGRES_DSN: `${database.dsn}?schema=elsewhere` }).postgres;
    await run({ dsn });
    expect(await run({ dsn })).toEqual({ applied: [] });
    const tables = `SELECT relname FROM pg_class WHERE relnamespace = 'elsewhere'::regnamespace AND relkind IN ('r', 'p', 'v') ORDER BY 1`;
    expect(await columnOf(tables)).toEqual([
      '_prisma_migrations',
      'metrics_snapshots',
      'metrics_snapshots_hours',
      'metrics_snapshots_minutes',
      'metrics_snapshots_packed',
      'metrics_snapshots_pending_hours',
      'metrics_snapshots_process_hours',
      'metrics_snapshots_rollup',
      ...FIXED_TABLES.toSorted(),
    ]);
    expect(await findSchemaDrift({ dsn })).toBeUndefined();
  });
});

describe('what the schema and the migrations say', () => {
  async function migrated(table: string): Promise<void> {
    await run({ table });
    const prisma = openPrisma({ dsn: database.dsn, log: silentLog, applicationName: 'test', poolSize: 1 });
    const options = { prisma: prisma.handle, table, retentionDays: 30 };
    await createSnapshotStore(options).ensureAhead();
    await createRollupStore({ ...options, minuteRetentionDays: 90, hourRetentionDays: 730 }).ensureAhead();
    await prisma.close();
  }

  test.each(['metrics_snapshots', 'Mixed_Case', 'm'.repeat(63)])(
    'is the same for a table called %s, partitions and all',
    async (table) => {
      await migrated(table);
      expect(await findSchemaDrift({ dsn: database.dsn, table })).toBeUndefined();
    },
  );

  test('is told apart where the schema has a column that the migrations lack', async () => {
    await migrated('metrics_snapshots');
    const schemaFile = await schemaWith('swapUsedMb Float? @map("swap_used_mb")');
    expect(await findSchemaDrift({ dsn: database.dsn, schemaFile })).toContain(
      'ADD COLUMN     "swap_used_mb"',
    );
  });

  test('is told apart where the migrations have an index that the schema lacks', async () => {
    await migrated('metrics_snapshots');
    await client.query('CREATE INDEX one_more ON metrics_snapshots_packed (received_at)');
    expect(await findSchemaDrift({ dsn: database.dsn })).toContain('DROP INDEX "one_more"');
  });
});

describe('POSTGRES_TABLE', () => {
  test('changed afterwards, the message names both ways out, and its statements work', async () => {
    await run({ table: 'old_name' });
    await client.query(
      `CREATE TABLE old_name_0 PARTITION OF old_name_packed FOR VALUES FROM (MINVALUE) TO ('2030-01-01')`,
    );
    const error = await run({ table: 'New_Name' }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StartError);
    const message = String(error);
    expect(message).toContain('POSTGRES_TABLE=old_name');
    await client.query(
      `INSERT INTO old_name_packed (agent_id, snapshot_id, timestamp_utc, total_cpu_percent, system_memory_total_mb,
         system_memory_used_mb, measurements, received_at)
       VALUES ('a', gen_random_uuid(), '2026-11-24', 1, 0, 0, '\\x010000', now())`,
    );
    await client.query(message.slice(message.indexOf('ALTER TABLE')));
    expect(await columnOf('SELECT top_processes FROM "New_Name"')).toEqual([[]]);
    expect(await columnOf('SELECT seen_id::int FROM "New_Name_rollup"')).toEqual([0]);
    expect(await run({ table: 'New_Name' })).toEqual({ applied: [] });
    expect(await findSchemaDrift({ dsn: database.dsn, table: 'New_Name' })).toBeUndefined();
  });

  test('names a table that is gone: the message says so', async () => {
    await run();
    await client.query('DROP TABLE metrics_snapshots_packed CASCADE');
    await expect(run()).rejects.toThrow(/is gone.*DROP TABLE "public"\."_prisma_migrations"/);
  });

  test('names a view that is gone: the message says that the rows are there', async () => {
    await run();
    await client.query('DROP VIEW metrics_snapshots');
    await expect(run()).rejects.toThrow(/view "metrics_snapshots" is gone. No row is lost.*CREATE VIEW/);
  });

  test('that is begun anew, as the message says, leaves nothing in the way', async () => {
    await run();
    await client.query('DROP TABLE metrics_snapshots_packed CASCADE');
    const message = String(await run().catch((reason: unknown) => reason));
    await client.query(message.slice(message.indexOf('DROP TABLE')));
    expect(await run()).toEqual({ applied: ALL });
  });

  test('names a table behind it that somebody else has: it is left alone', async () => {
    await client.query('CREATE TABLE metrics_snapshots_packed (id int)');
    await expect(run()).rejects.toThrow(/something else called "metrics_snapshots_packed"/);
  });

  test('names a table for minutes that somebody else has: it is left alone', async () => {
    await client.query('CREATE TABLE metrics_snapshots_minutes (id int)');
    await expect(run()).rejects.toThrow(/something else called "metrics_snapshots_minutes"/);
  });

  test('names something that is neither ours nor the service before: it is left alone', async () => {
    await client.query('CREATE TABLE metrics_snapshots (id int)');
    await expect(run()).rejects.toThrow(/something else called "metrics_snapshots"/);
    expect(await columnOf('SELECT count(*)::int FROM metrics_snapshots')).toEqual([0]);
  });
});
