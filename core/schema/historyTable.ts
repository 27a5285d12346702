import type pg from 'pg';
import { StartError } from '../errors.ts';
import {
  AGENT_SUFFIXES,
  ALERTING_SUFFIXES,
  deriveName,
  PACKED_SUFFIX,
  packedTableOf,
  quoteName,
  ROLLUP_SUFFIXES,
} from '../stores/postgres/tableNames.ts';
import {
  assertNamesAreFree,
  dependentNames,
  isSeedTable,
  planRoom,
  rename,
  type Room,
} from '../upgrade/seedTable.ts';
import { upgradeTablesOf } from '../upgrade/tables.ts';

/** What a database holds under the names of the history, and what it knows of migrations. */
export interface DatabaseState {
  /** Where unqualified names are made: the first schema of the search path. */
  schema: string;
  /** pg_class.relkind of what is called POSTGRES_TABLE, e.g. `v` view (ours), `r` table; null for nothing. */
  kind: string | null;
  /** The same of what has the name of the table behind it, ours being `p`, a partitioned table. */
  packedKind: string | null;
  /** What has the name of a table of ours beside that one, whether ours or not. */
  besideNames: string[];
  /** Whether the table of the service before was put aside, and the view does not show its rows. */
  seedLeftOut: boolean;
  /** Names of migrations that are applied. */
  applied: string[];
  /** Names of migrations that somebody began and did not finish. */
  unfinished: string[];
}

/** Behind the view's name, those of the functions that unpack its columns. */
const READER_SUFFIXES = ['_per_core_cpu_percent', '_top_processes'];

/** Likewise, those of the tables beside it: what the history is rolled up in, the agents, and alerting. */
const BESIDE_SUFFIXES: string[] = [ROLLUP_SUFFIXES, AGENT_SUFFIXES, ALERTING_SUFFIXES].flatMap((suffixes) =>
  Object.values(suffixes),
);

/** @throws {StartError} where the connection has no schema to work in */
export async function readState(client: pg.ClientBase, table: string): Promise<DatabaseState> {
  const { rows } = await client.query<
    Pick<DatabaseState, 'kind' | 'packedKind' | 'besideNames' | 'seedLeftOut'> & {
      schema: string | null;
      history: boolean;
    }
  >(
    `SELECT s.schema, (SELECT relkind::text FROM pg_class WHERE relnamespace = s.oid AND relname = $1) AS kind,
            (SELECT relkind::text FROM pg_class WHERE relnamespace = s.oid AND relname = $2) AS "packedKind",
            ARRAY(SELECT relname::text FROM pg_class WHERE relnamespace = s.oid AND relname = ANY ($3)) AS "besideNames",
            EXISTS (
              SELECT FROM pg_class t WHERE t.relnamespace = s.oid AND t.relname = $4 AND t.relkind = 'r' AND NOT EXISTS (
                SELECT FROM pg_depend d
                JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
                JOIN pg_class v ON v.oid = w.ev_class AND v.relnamespace = s.oid AND v.relname = $1
                WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid)) AS "seedLeftOut",
            EXISTS (SELECT FROM pg_class WHERE relnamespace = s.oid AND relname = '_prisma_migrations') AS history
     FROM (SELECT current_schema() AS schema, to_regnamespace(quote_ident(current_schema()))::oid AS oid) s`,
    [
      table,
      packedTableOf(table),
      BESIDE_SUFFIXES.map((suffix) => deriveName(table, suffix)),
      upgradeTablesOf(table).seed,
    ],
  );
  const {
    schema = null,
    kind = null,
    packedKind = null,
    history = false,
    besideNames: taken = [],
    seedLeftOut = false,
  } = rows[0] ?? {};
  if (schema === null) {
    throw new StartError(
      'PostgreSQL: no schema of the search path exists, so there is nowhere to make a table.',
    );
  }
  const found = { schema, kind, packedKind, besideNames: taken, seedLeftOut };
  if (!history) return { ...found, applied: [], unfinished: [] };
  const migrations = await client.query<{ name: string; finished: boolean }>(
    `SELECT migration_name AS name, finished_at IS NOT NULL AS finished
     FROM ${quoteName(schema)}._prisma_migrations WHERE rolled_back_at IS NULL`,
  );
  const names = (finished: boolean) =>
    migrations.rows.flatMap((row) => (row.finished === finished ? [row.name] : []));
  return { ...found, applied: names(true), unfinished: names(false) };
}

/**
 * How to make room for the history in a database that has none; undefined where nothing is in its place.
 *
 * @throws {StartError} where something else has one of its names
 */
export async function findRoom(
  client: pg.ClientBase,
  table: string,
  state: DatabaseState,
): Promise<Room | undefined> {
  const [taken = state.packedKind === null ? undefined : packedTableOf(table)] = state.besideNames;
  if (taken !== undefined) throw nameIsTaken(taken, state);
  if (state.kind === null) return undefined;
  if (!(await isSeedTable(client, table, state.schema))) throw nameIsTaken(table, state);
  await assertNamesAreFree(client, table, state.schema);
  return planRoom(client, table, state.schema);
}

function nameIsTaken(name: string, { schema }: DatabaseState): StartError {
  return new StartError(
    `PostgreSQL has something else called ${quoteName(name)} in the schema ${quoteName(schema)}, which Topline did not make. ` +
      'Set POSTGRES_TABLE to another name, or rename it.',
  );
}

/** Whether the history is there, under the names that follow from POSTGRES_TABLE. */
export function hasHistory({ kind, packedKind }: DatabaseState): boolean {
  return kind === 'v' && packedKind === 'p';
}

/**
 * What to say where the migrations are applied but the table is not there: it probably has another name.
 */
export async function tableIsMissing(
  client: pg.ClientBase,
  table: string,
  state: DatabaseState,
): Promise<StartError> {
  const { schema, kind, packedKind } = state;
  const { rows } = await client.query<{ name: string }>(
    `SELECT v.relname AS name FROM pg_class v
     JOIN pg_rewrite w ON w.ev_class = v.oid
     JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
     JOIN pg_class t ON t.oid = d.refobjid AND t.relkind = 'p'
     JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = 'measurements'
     WHERE v.relkind = 'v' AND v.relnamespace = to_regnamespace(quote_ident($1))
       AND t.relname = left(v.relname, 63 - length($2)) || $2`,
    [schema, PACKED_SUFFIX],
  );
  const old = rows[0]?.name;
  if (old === undefined || old === table) return isGone(table, state);
  const [oldPacked, packed] = [packedTableOf(old), packedTableOf(table)];
  const statements = [rename('TABLE', oldPacked, packed), rename('VIEW', old, table)];
  for (const suffix of READER_SUFFIXES)
    statements.push(
      `ALTER FUNCTION ${quoteName(deriveName(old, suffix))}(bytea) RENAME TO ${quoteName(deriveName(table, suffix))}`,
    );
  const owners = [oldPacked];
  for (const suffix of BESIDE_SUFFIXES) {
    const name = deriveName(old, suffix);
    if (!(await exists(client, name, schema))) continue;
    owners.push(name);
    statements.push(rename('TABLE', name, deriveName(table, suffix)));
  }
  for (const owner of owners) {
    for (const { name, kind } of await dependentNames(client, owner, schema))
      if (name.startsWith(old))
        statements.push(rename(kind, name, deriveName(table, name.slice(old.length))));
  }
  statements.push(...(await renameUpgradeTables(client, old, table, schema)));
  const inTheWay = [kind === null ? [] : table, packedKind === null ? [] : packed, state.besideNames]
    .flat()
    .map(quoteName);
  return new StartError(
    `PostgreSQL: this database keeps its history under the name ${quoteName(old)}, and POSTGRES_TABLE says ${quoteName(table)}. ` +
      `Set POSTGRES_TABLE=${old}; or rename it` +
      `${inTheWay.length === 0 ? '' : ` (after moving away what is called ${inTheWay.join(' and ')} now)`}, with Topline stopped:\n  ${statements.join(';\n  ')};`,
  );
}

/** Where rows of the service before are still being moved, their tables are found by the name of the view, too. */
async function renameUpgradeTables(
  client: pg.ClientBase,
  old: string,
  table: string,
  schema: string,
): Promise<string[]> {
  const [from, to] = [upgradeTablesOf(old), upgradeTablesOf(table)];
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relkind = 'r' AND relname = ANY ($1) AND relnamespace = to_regnamespace(quote_ident($2))`,
    [Object.values(from), schema],
  );
  const there = rows.map(({ name }) => name);
  return (['seed', 'refused', 'progress'] as const)
    .filter((part) => there.includes(from[part]))
    .map((part) => rename('TABLE', from[part], to[part]));
}

function isGone(table: string, { schema, kind, packedKind, besideNames }: DatabaseState): StartError {
  const begin = 'PostgreSQL: this database was set up by Topline, but its';
  if (kind === null && packedKind === 'p') {
    return new StartError(
      `${begin} view ${quoteName(table)} is gone. No row is lost with it: make it again with the CREATE VIEW of ` +
        'prisma/migrations/20261124000000_init/migration.sql.',
    );
  }
  const toDrop = ['_prisma_migrations', ...besideNames].map(
    (name) => `${quoteName(schema)}.${quoteName(name)}`,
  );
  return new StartError(
    `${begin} table ${quoteName(packedTableOf(table))} is gone. Restore it from a backup; ` +
      `or, to begin anew without its rows, run: DROP TABLE ${toDrop.join(', ')}`,
  );
}

/** Whether something in the schema has the name: a database may have stopped before it was rolled up. */
async function exists(client: pg.ClientBase, name: string, schema: string): Promise<boolean> {
  const { rowCount } = await client.query(
    'SELECT FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident($1)) AND relname = $2',
    [schema, name],
  );
  return rowCount === 1;
}
