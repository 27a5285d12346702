import type pg from 'pg';
import { StartError } from '../errors.ts';
import { deriveName, PACKED_SUFFIX, packedTableOf, quoteName } from '../stores/postgres/tableNames.ts';
import { dependentNames, rename } from '../upgrade/seedTable.ts';
import { upgradeTablesOf } from '../upgrade/tables.ts';
import { BESIDE_SUFFIXES, isFixed, type DatabaseState } from './historyTable.ts';

/** Behind the view's name, those of the functions that unpack its columns. */
const READER_SUFFIXES = ['_per_core_cpu_percent', '_top_processes'];

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
    if (!(await isTable(client, name, schema))) continue;
    owners.push(name);
    statements.push(rename('TABLE', name, deriveName(table, suffix)));
  }
  for (const owner of owners) {
    for (const { name, kind } of await dependentNames(client, owner, schema))
      if (name.startsWith(old))
        statements.push(rename(kind, name, deriveName(table, name.slice(old.length))));
  }
  statements.push(...(await renameUpgradeTables(client, old, table, schema)));
  const inTheWay = [
    kind === null ? [] : table,
    packedKind === null ? [] : packed,
    state.besideNames.filter((name) => !isFixed(name)),
  ]
    .flat()
    .map(quoteName);
  return new StartError(
    `PostgreSQL: this database keeps its history under the name ${quoteName(old)}, and POSTGRES_TABLE says ${quoteName(table)}. ` +
      `Set POSTGRES_TABLE=${old}; or, for a second installation, name a schema of its own (?schema= in POSTGRES_DSN); or rename it` +
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

function isGone(table: string, { schema, kind, packedKind, besideTables }: DatabaseState): StartError {
  const begin = 'PostgreSQL: this database was set up by Topline, but its';
  if (kind === null && packedKind === 'p') {
    return new StartError(
      `${begin} view ${quoteName(table)} is gone. No row is lost with it: make it again with the CREATE VIEW of ` +
        'prisma/migrations/20261124000000_init/migration.sql.',
    );
  }
  const toDrop = ['_prisma_migrations', ...besideTables].map(
    (name) => `${quoteName(schema)}.${quoteName(name)}`,
  );
  return new StartError(
    `${begin} table ${quoteName(packedTableOf(table))} is gone. Restore it from a backup; ` +
      `or, to begin anew without its rows, run: DROP TABLE ${toDrop.join(', ')} CASCADE`,
  );
}

/** Not every one is there: a database may have stopped before it was rolled up, or be past NAMES_MIGRATION. */
async function isTable(client: pg.ClientBase, name: string, schema: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident($1)) AND relname = $2 AND relkind IN ('r', 'p')`,
    [schema, name],
  );
  return rowCount === 1;
}
