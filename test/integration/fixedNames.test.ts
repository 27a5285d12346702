import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { loadConfig } from '../../core/config.ts';
import { ruleBodySchema } from '../../core/contracts/alerting/rule.ts';
import { StartError, UnavailableError } from '../../core/errors.ts';
import { openPrisma } from '../../core/platform/prisma.ts';
import { findProjectFile } from '../../core/platform/projectRoot.ts';
import { migrate } from '../../core/schema/migrate.ts';
import { nameTable } from '../../core/schema/migrationFiles.ts';
import { findSchemaDrift } from '../../core/schema/schemaDrift.ts';
import { createAlertingRows } from '../../core/stores/postgres/alertingRows.ts';
import { deriveName, FIXED_TABLES, quoteName } from '../../core/stores/postgres/tableNames.ts';
import { silentLog } from '../support/history.ts';
import { createTestDatabase, type TestDatabase } from '../support/stores.ts';

const BEFORE = [
  '20261124000000_init',
  '20261125010000_rollups',
  '20261125020000_agents',
  '20261125030000_alerting',
];
const RENAMING = '20261201000000_fixed_names';

/** Behind POSTGRES_TABLE, what each table was called before. */
const FORMER = {
  _agents: 'topline_agents',
  _forgotten: 'topline_forgotten_agents',
  _alert_rules: 'topline_alert_rules',
  _channels: 'topline_alert_channels',
  _routes: 'topline_alert_routes',
  _maintenance: 'topline_maintenance_windows',
  _silences: 'topline_silences',
  _alerts: 'topline_alerts',
  _alert_entries: 'topline_alert_entries',
  _deliveries: 'topline_deliveries',
  _audit: 'topline_audit_entries',
};

let directory: string;
let fixture: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'topline-migrations-'));
  for (const name of BEFORE)
    await cp(join(findProjectFile('prisma', 'migrations'), name), join(directory, name), { recursive: true });
  fixture = await readFile('test/fixtures/before-fixed-names.sql', 'utf8');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

let database: TestDatabase;
let client: pg.Client;
beforeEach(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.dsn });
  await client.connect();
});
afterEach(async () => {
  await client.end();
  await database.close();
});

const run = (table = 'metrics_snapshots') => migrate({ dsn: database.dsn, table, log: silentLog });

/** What the version before left: its tables, with rows in each. */
async function asBefore(table = 'metrics_snapshots'): Promise<void> {
  await migrate({ dsn: database.dsn, table, log: silentLog, migrationsDir: directory });
  await client.query(nameTable(fixture, table));
}

const formerName = (table: string, suffix: string) => quoteName(deriveName(table, suffix));

async function rowsOf(name: string): Promise<unknown[]> {
  const { rows } = await client.query<{ row: unknown }>(
    `SELECT to_json(t) AS row FROM ${name} t ORDER BY 1::text`,
  );
  return rows.map(({ row }) => row);
}

async function columnOf<T>(sql: string): Promise<T[]> {
  const { rows } = await client.query<[T]>({ text: sql, rowMode: 'array' });
  return rows.map(([value]) => value);
}

describe('a database of the version before', () => {
  test.each(['metrics_snapshots', 'Mixed_Case', 'topline', 'm'.repeat(63)])(
    'whose history is called %s keeps every row under the new names, and shows them under the old ones',
    async (table) => {
      await asBefore(table);
      const before = new Map<string, unknown[]>();
      for (const [suffix, name] of Object.entries(FORMER))
        before.set(name, await rowsOf(formerName(table, suffix)));
      expect([...before.values()].every((rows) => rows.length > 0)).toBe(true);
      expect(await run(table)).toEqual({ applied: [RENAMING] });
      for (const [suffix, name] of Object.entries(FORMER)) {
        expect(await rowsOf(name)).toEqual(before.get(name));
        expect(await rowsOf(formerName(table, suffix))).toEqual(before.get(name));
      }
      expect(await findSchemaDrift({ dsn: database.dsn, table })).toBeUndefined();
      expect(await run(table)).toEqual({ applied: [] });
    },
  );

  test('gives indexes and the sequence of its tables their names, too', async () => {
    await asBefore('Mixed_Case');
    await run('Mixed_Case');
    const dependents = await columnOf<string>(
      `SELECT d.relname::text FROM pg_class t JOIN pg_class d ON d.oid IN
         (SELECT indexrelid FROM pg_index WHERE indrelid = t.oid UNION SELECT objid FROM pg_depend WHERE refobjid = t.oid)
       WHERE t.relname = ANY ('{${FIXED_TABLES.join()}}') AND d.relkind IN ('i', 'S')`,
    );
    expect(dependents).toHaveLength(24);
    expect(dependents.filter((name) => !name.startsWith('topline_'))).toEqual([]);
    await client.query(
      `INSERT INTO topline_audit_entries (role, address, action, target, detail) VALUES ('', '', '', '', '{}')`,
    );
    expect(await columnOf('SELECT max(id)::int FROM topline_audit_entries')).toEqual([10]);
  });

  test('still takes what the version before writes, while that runs on beside this one', async () => {
    await asBefore();
    await run();
    await client.query(`
      INSERT INTO metrics_snapshots_agents AS known (agent_id, first_seen, last_seen) VALUES ('web-01', now(), now()), ('web-02', now(), now())
        ON CONFLICT (agent_id) DO UPDATE SET last_seen = greatest(known.last_seen, excluded.last_seen);
      INSERT INTO metrics_snapshots_alert_entries VALUES ('a', 'firing', 'web-02', now(), 'firing', NULL, '{}') ON CONFLICT DO NOTHING;
      INSERT INTO metrics_snapshots_alert_rules AS known (id, version, body) VALUES ('gone', 1, '{"name": "again"}')
        ON CONFLICT (id) DO UPDATE SET version = known.version + 1, body = excluded.body, deleted_at = NULL WHERE known.deleted_at IS NOT NULL;
      SELECT FROM metrics_snapshots_alert_rules WHERE id = 'hot' FOR UPDATE;
      UPDATE metrics_snapshots_alert_rules SET version = version + 1 WHERE id = 'hot';
      INSERT INTO metrics_snapshots_audit (role, address, action, target, detail) VALUES ('operator', '', 'x', 'hot', '{}');
      DELETE FROM metrics_snapshots_forgotten`);
    expect(await columnOf('SELECT agent_id FROM topline_agents ORDER BY 1')).toEqual(['web-01', 'web-02']);
    expect(
      await columnOf(`SELECT version FROM topline_alert_rules WHERE deleted_at IS NULL ORDER BY id`),
    ).toEqual([3, 3]);
    expect(await columnOf('SELECT created_at IS NOT NULL FROM topline_agents')).toEqual([true, true]);
    expect(await columnOf('SELECT max(id)::int FROM topline_audit_entries')).toEqual([10]);
    expect(await columnOf('SELECT count(*)::int FROM topline_forgotten_agents')).toEqual([0]);
  });

  test('may be read under the old names by whoever might read them', async () => {
    const reader = `reader_${new URL(database.dsn).pathname.slice(1)}`;
    await asBefore();
    await client.query(`CREATE ROLE ${reader}; GRANT SELECT ON metrics_snapshots_alerts TO ${reader}`);
    try {
      await run();
      const may = (name: string, what: string) =>
        columnOf(`SELECT has_table_privilege('${reader}', '${name}', '${what}')`);
      expect(await may('metrics_snapshots_alerts', 'SELECT')).toEqual([true]);
      expect(await may('topline_alerts', 'SELECT')).toEqual([true]);
      expect(await may('metrics_snapshots_alerts', 'DELETE')).toEqual([false]);
      expect(await may('metrics_snapshots_audit', 'SELECT')).toEqual([false]);
    } finally {
      await client.query(`DROP OWNED BY ${reader}; DROP ROLE ${reader}`);
    }
  });

  test('of which somebody holds a table is tried again later, and is as it was until then', async () => {
    await asBefore();
    const holder = new pg.Client({ connectionString: database.dsn });
    await holder.connect();
    await holder.query('BEGIN; LOCK TABLE metrics_snapshots_silences IN ACCESS SHARE MODE');
    await expect(run()).rejects.toThrow(UnavailableError);
    expect(await columnOf(`SELECT to_regclass('topline_agents')::text`)).toEqual([null]);
    await holder.end();
    expect(await run()).toEqual({ applied: [RENAMING] });
  });

  test('in which somebody else has one of the new names is left alone, and the message says what to do', async () => {
    await asBefore();
    await client.query('CREATE TABLE topline_alerts (id int)');
    const refused = run();
    await expect(refused).rejects.toThrow(StartError);
    await expect(refused).rejects.toThrow(
      /something else called "topline_alerts".*Rename it, or .*\?schema=/,
    );
    await client.query('ALTER TABLE topline_alerts RENAME TO theirs');
    expect(await run()).toEqual({ applied: [RENAMING] });
  });
});

describe('a new database', () => {
  test('has no views under names that nobody knew', async () => {
    await run();
    expect(
      await columnOf(
        `SELECT relname::text FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace`,
      ),
    ).toEqual(['metrics_snapshots']);
  });

  test('is refused a history that is called as another table', async () => {
    await expect(run('topline_agents')).rejects.toThrow(/POSTGRES_TABLE must not be topline_agents/);
  });

  test('in which somebody else has one of the names is left alone', async () => {
    await client.query('CREATE TABLE topline_agents (id int)');
    await expect(run('topline')).rejects.toThrow(/something else called "topline_agents"/);
    await expect(run()).rejects.toThrow(/something else called "topline_agents"/);
  });
});

describe('two installations in one database', () => {
  test('cannot share a schema: the second one is told to take its own', async () => {
    await run();
    const refused = run('other');
    await expect(refused).rejects.toThrow(StartError);
    await expect(refused).rejects.toThrow(
      /keeps its history under the name "metrics_snapshots", and POSTGRES_TABLE says "other".*for a second installation, name a schema of its own \(\?schema=/,
    );
  });

  test('have a schema each, and nothing of each other', async () => {
    const names = async (schema: string, name: string) => {
      await client.query(`CREATE SCHEMA ${quoteName(schema)}`);
      const { dsn } = loadConfig({
        POSTGRES_DSN: `${database.dsn}?schema=${encodeURIComponent(schema)}`,
      }).postgres;
      await migrate({ dsn, table: 'metrics_snapshots', log: silentLog });
      const { handle: prisma, close } = openPrisma({
        dsn,
        log: silentLog,
        applicationName: 'test',
        poolSize: 2,
      });
      const { rules } = createAlertingRows({ prisma });
      const change = { actor: { role: 'operator', address: '' }, audited: {} };
      const body = ruleBodySchema.parse({ name, condition: { kind: 'cpu', at_or_above: 90 } });
      await rules.create('hot', body, change);
      await rules.replace('hot', (rule) => rule, 1, change);
      const found = (await rules.list()).map((rule) => rule.body.name);
      await close();
      expect(await findSchemaDrift({ dsn })).toBeUndefined();
      return found;
    };
    expect(await names('one', 'of one')).toEqual(['of one']);
    expect(await names('An Other One', 'of the other')).toEqual(['of the other']);
    await expect(
      migrate({
        dsn: loadConfig({ POSTGRES_DSN: `${database.dsn}?schema=none` }).postgres.dsn,
        table: 'metrics_snapshots',
        log: silentLog,
      }),
    ).rejects.toThrow(/no schema of the search path exists.*CREATE SCHEMA/);
  });
});
