import { sqlStateOf } from '../platform/postgresErrors.ts';
import { quoteName } from '../stores/postgres/tableNames.ts';
import { upgradeTablesOf } from './tables.ts';
import type { Sql } from '../stores/postgres/partitionCatalog.ts';

/** How far the move of the rows of the service before has come. */
export interface UpgradeProgress {
  /** False where all is done, and rows that were refused are still kept. */
  moving: boolean;
  /** As PostgreSQL's statistics had it at the beginning, never counted; null where they are still being made. */
  rowsEstimated: number | null;
  moved: number;
  /** There already: the same snapshot twice, or posted again. */
  duplicates: number;
  /** Older than the retention, so deleted. */
  expired: number;
  /** Kept aside, because they are no snapshots to our schema. */
  refused: number;
  /** Epoch ms of when it began. */
  startedAtMs: number;
  /** Why it does not go on, if it does not. */
  obstacle: string | null;
}

const UNDEFINED_TABLE = '42P01';

/** Undefined where there is nothing to move: one look at the catalog. */
export async function readProgress(sql: Sql, table: string): Promise<UpgradeProgress | undefined> {
  const progress = quoteName(upgradeTablesOf(table).progress);
  const [row] = await sql.$queryRaw<{ there: boolean }[]>`
    SELECT to_regclass(${progress}) IS NOT NULL AS there`;
  if (row?.there !== true) return undefined;
  try {
    const [found] = await sql.$queryRawUnsafe<UpgradeProgress[]>(
      `SELECT moving, rows_estimated::float8 AS "rowsEstimated", moved::float8 AS moved, duplicates::float8 AS duplicates,
         expired::float8 AS expired, refused::float8 AS refused, obstacle,
         (extract(epoch FROM started_at) * 1000)::float8 AS "startedAtMs"
       FROM ${progress}`,
    );
    return found;
  } catch (error) {
    // Finished in between.
    if (sqlStateOf(error) === UNDEFINED_TABLE) return undefined;
    throw error;
  }
}

/** What is left, and how much is done; both as good as the estimate, and never at their end before it is over. */
export function estimateLeft({ moving, rowsEstimated, ...counts }: UpgradeProgress): {
  rowsLeft: number | undefined;
  percent: number | undefined;
} {
  if (!moving) return { rowsLeft: 0, percent: 100 };
  if (rowsEstimated === null) return { rowsLeft: undefined, percent: undefined };
  const done = counts.moved + counts.duplicates + counts.expired + counts.refused;
  const rowsLeft = Math.max(rowsEstimated - done, 1);
  return { rowsLeft, percent: Math.min(Math.floor((100 * done) / (done + rowsLeft)), 99) };
}
