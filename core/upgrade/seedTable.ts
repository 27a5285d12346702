import type pg from 'pg';
import { StartError } from '../errors.ts';
import { historyViewSql } from './historyView.ts';
import type { Logger } from '../platform/logger.ts';
import { deriveName, PACKED_SUFFIX, quoteName } from '../stores/postgres/tableNames.ts';
import { upgradeTablesOf } from './tables.ts';

// The table of the service before: recognised, put aside, and shown in the view with its rows where they are. The workers
// move them into the packed table afterwards (core/upgrade/moveRows.ts).

/** Its columns; it did not know agents. */
const SEED_COLUMNS = [
  'id',
  'timestamp_utc',
  'epoch_seconds',
  'total_cpu_percent',
  'per_core_cpu_percent',
  'system_memory_total_mb',
  'system_memory_used_mb',
  'top_processes',
  'created_at',
];

/**
 * Longest wait for a lock on it, in ms. Everybody who wants to read the table queues up behind us meanwhile; but it must
 * be longer than deadlock_timeout (1 s), after which PostgreSQL ends an autovacuum that is in our way.
 */
const LOCK_TIMEOUT_MS = 2_000;

export async function isSeedTable(client: pg.ClientBase, name: string, schema: string): Promise<boolean> {
  const { rows } = await client.query<{ column: string }>(
    `SELECT a.attname AS column FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
     WHERE c.relkind = 'r' AND c.relname = $1 AND c.relnamespace = to_regnamespace(quote_ident($2)) AND NOT a.attisdropped`,
    [name, schema],
  );
  const columns = rows.map(({ column }) => column);
  return SEED_COLUMNS.every((column) => columns.includes(column)) && !columns.includes('agent_id');
}

/** SQL that makes room for the history, to run in one transaction with the migration that makes it: before and after. */
export interface Room {
  before: string;
  after: string;
}

/**
 * How to put the table of the service before aside: it is renamed, which changes the catalog only, and its rows are in the
 * view from the moment that has its name.
 */
export async function planRoom(client: pg.ClientBase, table: string, schema: string): Promise<Room> {
  const { seed } = upgradeTablesOf(table);
  const renames = [rename('TABLE', table, seed)];
  for (const { name, kind } of await dependentNames(client, table, schema)) {
    // Only names that would stand in the way of ours.
    if (name.startsWith(table)) renames.push(rename(kind, name, deriveName(seed, name.slice(table.length))));
  }
  return {
    before: [LIMIT_LOCK_WAIT, ...renames].join(';\n'),
    after: await showSeedTable(client, table, table),
  };
}

/**
 * Shows the rows of the table of the service before where it was put aside and the view does not: an earlier version left
 * them out, or somebody made the view anew.
 */
export async function adoptRenamed(client: pg.ClientBase, table: string): Promise<void> {
  // One message: all of it or nothing.
  await client.query(
    `${LIMIT_LOCK_WAIT};\n${await showSeedTable(client, table, upgradeTablesOf(table).seed)}`,
  );
}

const LIMIT_LOCK_WAIT = `SELECT set_config('lock_timeout', '${LOCK_TIMEOUT_MS}', true)`;

/** @param now what the table is called when this is asked */
async function showSeedTable(client: pg.ClientBase, table: string, now: string): Promise<string> {
  const { seed, refused, progress } = upgradeTablesOf(table);
  // New rows continue their numbers: readers go on from the highest they have seen. Asked before there is any lock.
  const { rows } = await client.query<{ id: string }>(
    `SELECT greatest(max(id), 1)::text AS id FROM ${quoteName(now)}`,
  );
  const sequence = quoteName(deriveName(table, `${PACKED_SUFFIX}_id_seq`));
  return [
    alignTimeColumn(seed),
    `CREATE TABLE IF NOT EXISTS ${quoteName(refused)} (LIKE ${quoteName(seed)})`,
    `CREATE TABLE IF NOT EXISTS ${quoteName(progress)} (
       started_at TIMESTAMPTZ NOT NULL DEFAULT now(), rows_estimated BIGINT, moved BIGINT NOT NULL DEFAULT 0,
       duplicates BIGINT NOT NULL DEFAULT 0, expired BIGINT NOT NULL DEFAULT 0, refused BIGINT NOT NULL DEFAULT 0,
       position TEXT, moving BOOLEAN NOT NULL DEFAULT true, obstacle TEXT)`,
    // -1 where it was never analyzed: the workers do that then.
    `INSERT INTO ${quoteName(progress)} (rows_estimated)
     SELECT nullif(reltuples, -1) FROM pg_class
     WHERE oid = '${quoteName(seed)}'::regclass AND NOT EXISTS (SELECT FROM ${quoteName(progress)})`,
    historyViewSql(table, { seed: true, refused: true }),
    `SELECT setval('${sequence}', greatest((SELECT last_value FROM ${sequence}), ${rows[0]?.id ?? 1}))`,
    ...(await readGrants(client, table, now)),
  ].join(';\n');
}

/**
 * Gives the time the view's type to the modifier, so that the view needs no cast of it, behind which its index could serve
 * no order. It is the same precision by another name: nothing is written anew. Where views of others forbid it, only that
 * order is lost.
 */
function alignTimeColumn(seed: string): string {
  return `DO $$
BEGIN
  ALTER TABLE ${quoteName(seed)} ALTER COLUMN "timestamp_utc" TYPE TIMESTAMPTZ(6);
EXCEPTION
  WHEN feature_not_supported THEN NULL;
END
$$`;
}

/** Whoever may read the table may read the view that has its name now. */
async function readGrants(client: pg.ClientBase, table: string, now: string): Promise<string[]> {
  const { rows } = await client.query<{ role: string }>(
    `SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS role
     FROM pg_class, aclexplode(relacl)
     WHERE oid = $1::regclass AND privilege_type = 'SELECT' AND grantee <> relowner`,
    [quoteName(now)],
  );
  return rows.map(({ role }) => `GRANT SELECT ON ${quoteName(table)} TO ${role}`);
}

/** Says who holds the table, where it could not be renamed in time. */
export async function tellBlockers(client: pg.ClientBase, table: string, log: Logger): Promise<void> {
  const { rows } = await client.query<{ pid: number; application: string; since: string }>(
    `SELECT DISTINCT pid, application_name AS application, xact_start::text AS since
     FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE relation = to_regclass($1) AND granted AND pid <> pg_backend_pid()`,
    [quoteName(table)],
  );
  log.warn(
    { table, heldBy: rows },
    'The table of the service before is in use by a transaction that does not end, so it cannot be renamed yet. ' +
      'Snapshots are taken and wait in their queue; it is tried again every few seconds. If it lasts, stop that program ' +
      'or end its transaction (SELECT pg_terminate_backend(pid)).',
  );
}

/** @throws {StartError} where a name that the upgrade needs belongs to somebody else */
export async function assertNamesAreFree(
  client: pg.ClientBase,
  table: string,
  schema: string,
): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relname = ANY ($1) AND relnamespace = to_regnamespace(quote_ident($2)) ORDER BY 1`,
    [Object.values(upgradeTablesOf(table)), schema],
  );
  const [taken] = rows;
  if (taken === undefined) return;
  throw new StartError(
    `PostgreSQL has something called ${quoteName(taken.name)} in the schema ${quoteName(schema)}, a name that Topline needs ` +
      `to take over the table ${quoteName(table)} of the service before. Rename it, and start again.`,
  );
}

/** Indexes and sequences that belong to a table and share its namespace. */
export async function dependentNames(
  client: pg.ClientBase,
  table: string,
  schema: string,
): Promise<{ name: string; kind: string }[]> {
  const { rows } = await client.query<{ name: string; kind: string }>(
    `SELECT c.relname AS name, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'INDEX' END AS kind
     FROM pg_class t
     JOIN pg_class c ON c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = t.oid)
       OR (c.relkind = 'S' AND c.oid IN (SELECT objid FROM pg_depend WHERE refobjid = t.oid AND deptype IN ('a', 'i')))
     WHERE t.relname = $1 AND t.relnamespace = to_regnamespace(quote_ident($2)) ORDER BY 1`,
    [table, schema],
  );
  return rows;
}

export function rename(kind: string, from: string, to: string): string {
  return `ALTER ${kind} ${quoteName(from)} RENAME TO ${quoteName(to)}`;
}
