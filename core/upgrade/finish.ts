import { historyViewSql } from './historyView.ts';
import { quoteName } from '../stores/postgres/tableNames.ts';
import type { PrismaClient } from '../platform/prisma.ts';
import { upgradeTablesOf } from './tables.ts';
import type { Sql } from '../stores/postgres/partitionCatalog.ts';

/** `left` where rows are left to be moved, `busy` where another process is at it. */
export type UpgradeEnd = 'finished' | 'left' | 'busy';

export interface FinishOptions {
  prisma: PrismaClient;
  /** POSTGRES_TABLE. */
  table: string;
  /** Epoch seconds before which a row is past the retention; negative where all is kept. */
  cutOffSeconds(sql: Sql): Promise<number>;
}

/** Looking through a table of which all rows are deleted reads every page of it, perhaps many gigabytes. */
const FINISH_TIMEOUT_MS = 600_000;

const CONNECTION_WAIT_MS = 20_000;

/** Longest wait for a lock, in ms: whoever reads the view queues up behind. Longer than deadlock_timeout (1 s). */
const LOCK_TIMEOUT_MS = 2_000;

/** One process at a time; given back with the transaction, however that ends. */
export async function lockUpgrade(tx: Sql, table: string): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ mine: boolean }[]>`
    SELECT pg_try_advisory_xact_lock(hashtextextended('topline upgrade ' || ${table}, 0)) AS mine`;
  return row?.mine === true;
}

/**
 * Drops the table of the service before if it is empty, and leaves the view as in a new installation but for rows that were
 * refused. Those that are past the retention go.
 *
 * @throws where somebody's views still read the table
 */
export function finishUpgrade({ prisma, ...options }: FinishOptions): Promise<UpgradeEnd> {
  return prisma.$transaction((tx) => finishIn(tx, options), {
    // Each statement sees what was committed while it waited for a lock.
    isolationLevel: 'ReadCommitted',
    timeout: FINISH_TIMEOUT_MS,
    maxWait: CONNECTION_WAIT_MS,
  });
}

async function finishIn(
  tx: Sql,
  { table, cutOffSeconds }: Omit<FinishOptions, 'prisma'>,
): Promise<UpgradeEnd> {
  const { seed, refused, progress } = upgradeTablesOf(table);
  if (!(await lockUpgrade(tx, table))) return 'busy';
  if (!(await exists(tx, progress))) return 'finished';
  await tx.$executeRawUnsafe(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
  const hasSeed = await exists(tx, seed);
  if (hasSeed) {
    // Keeps writers out and lets readers in, for as long as looking through it takes.
    await tx.$executeRawUnsafe(`LOCK TABLE ${quoteName(seed)} IN SHARE ROW EXCLUSIVE MODE`);
    if (!(await isEmpty(tx, seed))) {
      await tx.$executeRawUnsafe(`UPDATE ${quoteName(progress)} SET position = NULL`);
      return 'left';
    }
    await assertNotUsed(tx, table, seed);
  }
  await tx.$executeRawUnsafe(
    `DELETE FROM ${quoteName(refused)} WHERE $1::float8 > 0 AND extract(epoch FROM timestamp_utc) < $1::float8`,
    await cutOffSeconds(tx),
  );
  const keepRefused = !(await isEmpty(tx, refused));
  if (!hasSeed && keepRefused) return 'finished';
  // The view first: whoever reads it has locked it before the tables behind.
  await tx.$executeRawUnsafe(historyViewSql(table, { seed: false, refused: keepRefused }));
  if (hasSeed) await tx.$executeRawUnsafe(`DROP TABLE ${quoteName(seed)}`);
  if (keepRefused)
    await tx.$executeRawUnsafe(`UPDATE ${quoteName(progress)} SET moving = false, obstacle = NULL`);
  else await tx.$executeRawUnsafe(`DROP TABLE ${quoteName(refused)}, ${quoteName(progress)}`);
  return 'finished';
}

async function exists(sql: Sql, name: string): Promise<boolean> {
  const [row] = await sql.$queryRaw<{ there: boolean }[]>`
    SELECT to_regclass(${quoteName(name)}) IS NOT NULL AS there`;
  return row?.there === true;
}

async function isEmpty(sql: Sql, name: string): Promise<boolean> {
  const [row] = await sql.$queryRawUnsafe<{ empty: boolean }[]>(
    `SELECT NOT EXISTS (SELECT FROM ${quoteName(name)}) AS empty`,
  );
  return row?.empty === true;
}

/** Views that were made on the old table went with it when it was renamed. Ours is replaced. */
async function assertNotUsed(sql: Sql, table: string, seed: string): Promise<void> {
  const users = await sql.$queryRaw<{ name: string }[]>`
     SELECT DISTINCT format('%I.%I', n.nspname, c.relname) AS name
     FROM pg_depend d
     JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
     JOIN pg_class c ON c.oid = w.ev_class
     JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = to_regclass(${quoteName(seed)})
       AND c.oid <> to_regclass(${quoteName(table)}) ORDER BY 1`;
  if (users.length === 0) return;
  throw new Error(
    `These views still read ${seed}, which is empty now: ${users.map(({ name }) => name).join(', ')}. ` +
      `Make them anew on ${table}, or drop them.`,
  );
}
