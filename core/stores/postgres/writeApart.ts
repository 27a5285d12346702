import { isRefusedByPostgres, sqlStateOf } from '../../platform/postgresErrors.ts';
import type { Sql } from './partitionCatalog.ts';

/** No partition for a row, too: that is no fault of a value. */
const CHECK_VIOLATION = '23514';

/**
 * Writes rows by one statement of a transaction; where PostgreSQL refuses a value, those of each half, so that all others are
 * written and only the row it is in is not.
 *
 * @param onRefused told of each that was left out
 */
export async function writeApart<Row, Written>(
  sql: Sql,
  rows: readonly Row[],
  write: (rows: readonly Row[]) => Promise<Written[]>,
  onRefused: (row: Row, error: unknown) => void,
): Promise<Written[]> {
  await sql.$executeRawUnsafe('SAVEPOINT apart');
  try {
    const written = await write(rows);
    await sql.$executeRawUnsafe('RELEASE SAVEPOINT apart');
    return written;
  } catch (error) {
    if (!isRefusedByPostgres(error) || sqlStateOf(error) === CHECK_VIOLATION) throw error;
    await sql.$executeRawUnsafe('ROLLBACK TO SAVEPOINT apart');
    await sql.$executeRawUnsafe('RELEASE SAVEPOINT apart');
    const [first] = rows;
    if (rows.length <= 1) {
      if (first !== undefined) onRefused(first, error);
      return [];
    }
    const half = Math.ceil(rows.length / 2);
    return [
      ...(await writeApart(sql, rows.slice(0, half), write, onRefused)),
      ...(await writeApart(sql, rows.slice(half), write, onRefused)),
    ];
  }
}
