import type pg from 'pg';
import { StartError } from '../errors.ts';
import type { Logger } from './logger.ts';
import { deriveName, quoteName } from './postgresNames.ts';

/** What a database holds under the name of the history table, and what it knows of migrations. */
export interface DatabaseState {
  /** Where unqualified names are made: the first schema of the search path. */
  schema: string;
  /** pg_class.relkind of what has the table's name, e.g. `p` partitioned table, `r` table; null for nothing. */
  kind: string | null;
  /** Names of migrations that are applied. */
  applied: string[];
  /** Names of migrations that somebody began and did not finish. */
  unfinished: string[];
}

/** Columns of the table of the service before, which did not know agents. */
const SEED_COLUMNS = [
  'id',
  'timestamp_utc',
  'epoch_seconds',
  'total_cpu_percent',
  'per_core_cpu_percent',
  'system_memory_total_mb',
  'system_memory_used_mb',
  'top_processes',
];

/** Behind the name of the service before's table, once it has made room. */
export const SEED_SUFFIX = '_before_topline';

/** @throws {StartError} where the connection has no schema to work in */
export async function readState(client: pg.ClientBase, table: string): Promise<DatabaseState> {
  const { rows } = await client.query<{ schema: string | null; kind: string | null; history: boolean }>(
    `SELECT s.schema, (SELECT relkind::text FROM pg_class WHERE relnamespace = s.oid AND relname = $1) AS kind,
            EXISTS (SELECT FROM pg_class WHERE relnamespace = s.oid AND relname = '_prisma_migrations') AS history
     FROM (SELECT current_schema() AS schema, to_regnamespace(quote_ident(current_schema()))::oid AS oid) s`,
    [table],
  );
  const { schema = null, kind = null, history = false } = rows[0] ?? {};
  if (schema === null) {
    throw new StartError(
      'PostgreSQL: no schema of the search path exists, so there is nowhere to make a table.',
    );
  }
  if (!history) return { schema, kind, applied: [], unfinished: [] };
  const migrations = await client.query<{ name: string; finished: boolean }>(
    `SELECT migration_name AS name, finished_at IS NOT NULL AS finished
     FROM ${quoteName(schema)}._prisma_migrations WHERE rolled_back_at IS NULL`,
  );
  const names = (finished: boolean) =>
    migrations.rows.flatMap((row) => (row.finished === finished ? [row.name] : []));
  return { schema, kind, applied: names(true), unfinished: names(false) };
}

/**
 * Makes room for the history table in a database that has none: the table of the service before is renamed.
 *
 * @throws {StartError} where something else has the name
 */
export async function makeRoom(
  client: pg.ClientBase,
  table: string,
  state: DatabaseState,
  log: Logger,
): Promise<void> {
  if (state.kind === null) return;
  if (!(await isSeedTable(client, table, state))) {
    throw new StartError(
      `PostgreSQL has something else called ${quoteName(table)} in the schema ${quoteName(state.schema)}, which Topline did not make. ` +
        'Set POSTGRES_TABLE to another name, or rename it.',
    );
  }
  const aside = deriveName(table, SEED_SUFFIX);
  const statements = [`ALTER TABLE ${quoteName(table)} RENAME TO ${quoteName(aside)}`];
  for (const { name, kind } of await dependentNames(client, table, state.schema)) {
    // Only names that would stand in the way of ours.
    if (name.startsWith(table))
      statements.push(rename(kind, name, deriveName(aside, name.slice(table.length))));
  }
  // One message: all of it or nothing.
  await client.query(statements.join(';\n'));
  log.warn(
    { table, renamedTo: aside },
    'The table of the service before has been renamed, with all its rows, to make room for the partitioned one. ' +
      'To have its history in Topline, run `npm run import:seed-table`; then, or if you do not need it, drop it. ' +
      'Rights and views that others have on it went with it.',
  );
}

/**
 * What to say where the migrations are applied but the table is not there: it probably has another name.
 */
export async function tableIsMissing(
  client: pg.ClientBase,
  table: string,
  { schema, kind }: DatabaseState,
): Promise<StartError> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'snapshot_id'
     WHERE c.relkind = 'p' AND c.relnamespace = to_regnamespace(quote_ident($1))`,
    [schema],
  );
  const old = rows[0]?.name;
  if (old === undefined) {
    return new StartError(
      `PostgreSQL: this database was set up by Topline, but its table ${quoteName(table)} is gone. Restore it from a backup; ` +
        `or, to begin anew without its rows, run: DROP TABLE ${quoteName(schema)}._prisma_migrations`,
    );
  }
  const statements = [`ALTER TABLE ${quoteName(old)} RENAME TO ${quoteName(table)}`];
  for (const dependent of await dependentNames(client, old, schema)) {
    if (!dependent.name.startsWith(old)) continue;
    statements.push(
      rename(dependent.kind, dependent.name, deriveName(table, dependent.name.slice(old.length))),
    );
  }
  return new StartError(
    `PostgreSQL: this database keeps its history in the table ${quoteName(old)}, and POSTGRES_TABLE says ${quoteName(table)}. ` +
      `Set POSTGRES_TABLE=${old}; or rename the table` +
      `${kind === null ? '' : ` (after moving away what is called ${quoteName(table)} now)`}, with Topline stopped:\n  ${statements.join(';\n  ')};`,
  );
}

async function isSeedTable(
  client: pg.ClientBase,
  table: string,
  { schema, kind }: DatabaseState,
): Promise<boolean> {
  if (kind !== 'r') return false;
  const { rows } = await client.query<{ name: string }>(
    'SELECT column_name AS name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2',
    [schema, table],
  );
  const columns = rows.map(({ name }) => name);
  return SEED_COLUMNS.every((column) => columns.includes(column)) && !columns.includes('agent_id');
}

/** Indexes and sequences that belong to a table and share its namespace. */
async function dependentNames(
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

function rename(kind: string, from: string, to: string): string {
  return `ALTER ${kind} ${quoteName(from)} RENAME TO ${quoteName(to)}`;
}
