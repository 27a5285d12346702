import type pg from 'pg';
import { StartError } from '../errors.ts';
import {
  deriveName,
  FIXED_TABLES,
  packedTableOf,
  quoteName,
  ROLLUP_SUFFIXES,
} from '../stores/postgres/tableNames.ts';
import { assertNamesAreFree, isSeedTable, planRoom, type Room } from '../upgrade/seedTable.ts';
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
  /** Those of them that are tables. */
  besideTables: string[];
  /** Whether the table of the service before was put aside, and the view does not show its rows. */
  seedLeftOut: boolean;
  /** Names of migrations that are applied. */
  applied: string[];
  /** Names of migrations that somebody began and did not finish. */
  unfinished: string[];
}

/** Behind the view's name, those of the tables that FIXED_TABLES were until a migration gave them their names. */
const FORMER_SUFFIXES = [
  '_agents',
  '_forgotten',
  '_alert_rules',
  '_channels',
  '_routes',
  '_maintenance',
  '_silences',
  '_alerts',
  '_alert_entries',
  '_deliveries',
  '_audit',
];

/** Likewise, those of the tables beside it: what the history is rolled up in, and what else was named after it. */
export const BESIDE_SUFFIXES: string[] = [...Object.values(ROLLUP_SUFFIXES), ...FORMER_SUFFIXES];

/** The migration that gives FIXED_TABLES their names. */
const NAMES_MIGRATION = '20261201000000_fixed_names';

/** @throws {StartError} where the connection has no schema to work in */
export async function readState(client: pg.ClientBase, table: string): Promise<DatabaseState> {
  const { rows } = await client.query<
    Omit<DatabaseState, 'schema' | 'applied' | 'unfinished'> & { schema: string | null; history: boolean }
  >(
    `SELECT s.schema, (SELECT relkind::text FROM pg_class WHERE relnamespace = s.oid AND relname = $1) AS kind,
            (SELECT relkind::text FROM pg_class WHERE relnamespace = s.oid AND relname = $2) AS "packedKind",
            ARRAY(SELECT relname::text FROM pg_class WHERE relnamespace = s.oid AND relname = ANY ($3)) AS "besideNames",
            ARRAY(SELECT relname::text FROM pg_class WHERE relnamespace = s.oid AND relname = ANY ($3)
              AND relkind IN ('r', 'p')) AS "besideTables",
            EXISTS (
              SELECT FROM pg_class t WHERE t.relnamespace = s.oid AND t.relname = $4 AND t.relkind = 'r' AND NOT EXISTS (
                SELECT FROM pg_depend d
                JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
                JOIN pg_class v ON v.oid = w.ev_class AND v.relnamespace = s.oid AND v.relname = $1
                WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid)) AS "seedLeftOut",
            EXISTS (SELECT FROM pg_class WHERE relnamespace = s.oid AND relname = '_prisma_migrations') AS history
     FROM (SELECT current_schema() AS schema, to_regnamespace(quote_ident(current_schema()))::oid AS oid) s`,
    [table, packedTableOf(table), [...namesBeside(table), ...FIXED_TABLES], upgradeTablesOf(table).seed],
  );
  const {
    schema = null,
    kind = null,
    packedKind = null,
    history = false,
    besideNames = [],
    besideTables = [],
    seedLeftOut = false,
  } = rows[0] ?? {};
  if (schema === null) {
    throw new StartError(
      'PostgreSQL: no schema of the search path exists, so there is nowhere to make a table. Make the one that POSTGRES_DSN ' +
        'names (?schema=): CREATE SCHEMA <name>',
    );
  }
  const found = { schema, kind, packedKind, besideNames, besideTables, seedLeftOut };
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
  const taken =
    state.packedKind === null
      ? namesBeside(table).find((name) => state.besideNames.includes(name))
      : packedTableOf(table);
  if (taken !== undefined) throw nameIsTaken(taken, state);
  if (state.kind === null) return undefined;
  if (!(await isSeedTable(client, table, state.schema))) throw nameIsTaken(table, state);
  await assertNamesAreFree(client, table, state.schema);
  return planRoom(client, table, state.schema);
}

/**
 * Before FIXED_TABLES get their names.
 *
 * @throws {StartError} where something else has one of them
 */
export function assertFixedNamesAreFree(
  table: string,
  { besideNames, schema, applied }: DatabaseState,
): void {
  if (applied.includes(NAMES_MIGRATION)) return;
  if (isFixed(table))
    throw new StartError(`POSTGRES_TABLE must not be ${table}, the name of another table of Topline.`);
  const former = namesBeside(table);
  const taken = besideNames.find((name) => isFixed(name) && !former.includes(name));
  if (taken === undefined) return;
  throw new StartError(
    `PostgreSQL has something else called ${quoteName(taken)} in the schema ${quoteName(schema)}, which Topline did not make. ` +
      'Rename it, or give Topline a schema of its own (?schema= in POSTGRES_DSN).',
  );
}

/** What the tables beside the history are called, or were. */
function namesBeside(table: string): string[] {
  return BESIDE_SUFFIXES.map((suffix) => deriveName(table, suffix));
}

export function isFixed(name: string): boolean {
  return FIXED_TABLES.some((fixed) => fixed === name);
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
