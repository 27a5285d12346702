import pg from 'pg';
import { messageOf, StartError, UnavailableError } from '../errors.ts';
import {
  assertFixedNamesAreFree,
  findRoom,
  hasHistory,
  readState,
  type DatabaseState,
} from './historyTable.ts';
import { tableIsMissing } from './missingTable.ts';
import type { Logger } from '../platform/logger.ts';
import { readMigrations, readSchema, toMigrationList, type Migration } from './migrationFiles.ts';
import { isRetryablePostgresError, postgresMessageOf, sqlStateOf } from '../platform/postgresErrors.ts';
import { findProjectFile } from '../platform/projectRoot.ts';
import { NO_FILTERS, openSchemaEngine } from './schemaEngine.ts';
import { adoptRenamed, isSeedTable, tellBlockers, type Room } from '../upgrade/seedTable.ts';
import { quoteName } from '../stores/postgres/tableNames.ts';
import { upgradeTablesOf } from '../upgrade/tables.ts';

export interface MigrateOptions {
  dsn: string;
  /** POSTGRES_TABLE. */
  table: string;
  log: Logger;
  /** Default: prisma/migrations of this project. */
  migrationsDir?: string;
  /** Default: prisma/schema.prisma of this project. */
  schemaFile?: string;
  /** How long to wait for another process that migrates, in ms. */
  lockTimeoutMs?: number;
}

const LOCK_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 5_000;

const INSUFFICIENT_PRIVILEGE = '42501';
const LOCK_NOT_AVAILABLE = '55P03';

/** A server that is frozen answers nothing, not even that a lock took too long. */
const READ_GRACE_MS = 5_000;

/**
 * Prisma's own table, as its engine makes it. Made here first, because the engine refuses a database that holds other
 * tables and not this one.
 */
const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`;

/**
 * Done in the transaction of each migration, so that one is recorded if and only if it has happened, whatever is killed
 * when. The engine alone records it in a statement of its own, and after a crash in between wants a human.
 */
const RECORD_MIGRATION =
  'UPDATE _prisma_migrations SET finished_at = now() WHERE finished_at IS NULL AND rolled_back_at IS NULL';

/**
 * Brings the database up to date with prisma/migrations, through Prisma's migration engine. Any number of processes may
 * call it at once: one works, the others wait for it. Where nothing is to be done it asks two queries and is gone.
 *
 * The lock is a session's, so the DSN must not lead through a pooler in transaction mode.
 *
 * @returns the names of the migrations it applied
 * @throws {StartError} where somebody has to put something right first
 * @throws {UnavailableError} where PostgreSQL is out of reach or another process takes too long: call it again
 */
export async function migrate(options: MigrateOptions): Promise<{ applied: string[] }> {
  const { dsn, table, log, migrationsDir = findProjectFile('prisma', 'migrations') } = options;
  const lockTimeoutMs = options.lockTimeoutMs ?? LOCK_TIMEOUT_MS;
  const migrations = await readMigrations(migrationsDir, table);
  const client = new pg.Client({
    connectionString: dsn,
    application_name: 'topline migrations',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: lockTimeoutMs + READ_GRACE_MS,
    keepAlive: true,
  });
  // Whatever waits for this connection learns of its loss by itself.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await assertEncoding(client);
    // Without the lock only what is well counts: of another process' commit this look may see one half and not the other.
    const seen = await readState(client, table);
    if (hasHistory(seen) && isComplete(migrations, seen) && !seen.seedLeftOut) return { applied: [] };
    await lock(client, lockTimeoutMs, log);
    const applied = (await isUpToDate(client, table, migrations))
      ? []
      : await bringUpToDate(client, options, migrationsDir, migrations);
    await showLeftOut(client, table, log);
    return { applied };
  } catch (error) {
    if (sqlStateOf(error) === INSUFFICIENT_PRIVILEGE) throw mayNotMakeTables(error);
    if (!isRetryablePostgresError(error)) throw error;
    throw new UnavailableError(`PostgreSQL unavailable: ${postgresMessageOf(error)}`, { cause: error });
  } finally {
    // Also gives the lock back. A connection that does not answer is not waited for.
    client.end().catch(() => undefined);
  }
}

/**
 * Of another encoding a database takes some names only: one host with a process 日本語 would stop the rollups of all.
 *
 * @throws {StartError} where the database cannot hold every text
 */
async function assertEncoding(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string; encoding: string }>(
    `SELECT current_database() AS name, current_setting('server_encoding') AS encoding`,
  );
  const { name, encoding } = rows[0] ?? { name: '', encoding: '' };
  if (encoding === 'UTF8') return;
  throw new StartError(
    `PostgreSQL: the database ${quoteName(name)} is kept in ${encoding}, which cannot hold the names of all processes. Make one ` +
      `in UTF8 and name it in POSTGRES_DSN: CREATE DATABASE <name> TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'. ` +
      'What is in the old one moves by pg_dump and pg_restore.',
  );
}

/** @throws {StartError} where the migrations are applied and their table has another name */
async function isUpToDate(client: pg.Client, table: string, migrations: Migration[]): Promise<boolean> {
  const state = await readState(client, table);
  if (isKnown(migrations, state) && !hasHistory(state)) throw await tableIsMissing(client, table, state);
  return isComplete(migrations, state);
}

function isComplete(migrations: Migration[], { applied }: DatabaseState): boolean {
  return migrations.every(({ name }) => applied.includes(name));
}

/** Whether this database was set up by us before; the migrations of another program may stand beside ours. */
function isKnown(migrations: Migration[], { applied }: DatabaseState): boolean {
  return migrations.some(({ name }) => applied.includes(name));
}

function mayNotMakeTables(error: unknown): StartError {
  return new StartError(
    `PostgreSQL: ${postgresMessageOf(error)}. The role in POSTGRES_DSN makes its tables itself; as an administrator, run: ` +
      'GRANT USAGE, CREATE ON SCHEMA public TO <role> (or name the schema that is first in its search path)',
    { cause: error },
  );
}

async function lock(client: pg.Client, timeoutMs: number, log: Logger): Promise<void> {
  const key = `hashtextextended('topline migrations', 0)`;
  const { rows } = await client.query<{ locked: boolean }>(`SELECT pg_try_advisory_lock(${key}) AS locked`);
  if (rows[0]?.locked) return;
  log.info('another process is migrating PostgreSQL; waiting for it');
  await client.query(`SET lock_timeout = ${timeoutMs}`);
  try {
    await client.query(`SELECT pg_advisory_lock(${key})`);
  } catch (error) {
    if (sqlStateOf(error) !== LOCK_NOT_AVAILABLE) throw error;
    throw new UnavailableError(
      `Another process has been migrating PostgreSQL for more than ${timeoutMs / 1000} seconds ` +
        "(its connection is called 'topline migrations' in pg_stat_activity)",
      { cause: error },
    );
  }
}

async function bringUpToDate(
  client: pg.Client,
  options: MigrateOptions,
  migrationsDir: string,
  migrations: Migration[],
): Promise<string[]> {
  const { table, log } = options;
  const state = await readState(client, table);
  const room = isKnown(migrations, state) ? undefined : await findRoom(client, table, state);
  assertFixedNamesAreFree(table, state);
  await prepare(client, migrations, state, log);
  try {
    const applied = await apply(options, { migrationsDir, migrations, schema: state.schema, room });
    if (room !== undefined) tellRenamed(table, log);
    return applied;
  } catch (error) {
    if (room !== undefined && sqlStateOf(error) === LOCK_NOT_AVAILABLE)
      await tellBlockers(client, table, log);
    throw error;
  }
}

function tellRenamed(table: string, log: Logger): void {
  log.info(
    { table, renamedTo: upgradeTablesOf(table).seed },
    'The table of the service before is put aside, with all its rows, and its name is that of a view on them and on the ' +
      'new ones. The rows are moved into the partitioned table behind it from now on.',
  );
}

/** Where the view does not show the rows that are there to be moved. */
async function showLeftOut(client: pg.Client, table: string, log: Logger): Promise<void> {
  const { schema, seedLeftOut } = await readState(client, table);
  if (!seedLeftOut || !(await isSeedTable(client, upgradeTablesOf(table).seed, schema))) return;
  await adoptRenamed(client, table);
  tellRenamed(table, log);
}

async function prepare(
  client: pg.Client,
  migrations: Migration[],
  state: DatabaseState,
  log: Logger,
): Promise<void> {
  await client.query(MIGRATIONS_TABLE);
  // Begun by a process that is gone (we hold the lock), and undone by PostgreSQL: see RECORD_MIGRATION.
  const own = state.unfinished.filter((name) => migrations.some((migration) => migration.name === name));
  if (own.length === 0) return;
  log.warn({ migrations: own }, 'a migration was interrupted; applying it again');
  await client.query(
    `UPDATE _prisma_migrations SET rolled_back_at = now()
     WHERE finished_at IS NULL AND rolled_back_at IS NULL AND migration_name = ANY ($1)`,
    [own],
  );
}

async function apply(
  { dsn, table, schemaFile = findProjectFile('prisma', 'schema.prisma') }: MigrateOptions,
  {
    migrationsDir,
    migrations,
    schema,
    room,
  }: { migrationsDir: string; migrations: Migration[]; schema: string; room: Room | undefined },
): Promise<string[]> {
  const datamodel = await readSchema(schemaFile, table);
  const first = migrations[0]?.sql;

  function completeScript(script: string): string {
    const makesTable = script === first && room !== undefined;
    return [
      ...(makesTable ? [room.before, script, room.after] : [script]),
      // Of its own line: a script may end in a comment.
      RECORD_MIGRATION,
    ].join('\n;');
  }

  const engine = await openSchemaEngine({ dsn, schema, datamodel, completeScript });
  try {
    const { appliedMigrationNames } = await engine.handle.applyMigrations({
      migrationsList: toMigrationList(migrationsDir, migrations),
      filters: NO_FILTERS,
    });
    return appliedMigrationNames;
  } catch (error) {
    const cause = engine.driverError();
    if (isRetryablePostgresError(cause)) throw cause;
    throw new StartError(`PostgreSQL could not be migrated: ${messageOf(error).trim()}`, { cause: error });
  } finally {
    await engine.close();
  }
}
