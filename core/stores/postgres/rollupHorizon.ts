import { setTimeout as delay } from 'node:timers/promises';
import { quoteName } from './tableNames.ts';
import type { Sql } from './partitionCatalog.ts';

/** Up to where the history is settled: no row with such an id can appear any more. */
export interface Horizon {
  id: number;
  /** When the sequence stood there, in epoch seconds of the server: what was written before is among those rows. */
  atSeconds: number;
}

/** How long statements that were under way are waited for, and how often they are looked at, in ms. */
const MAX_WAIT_MS = 1_000;
const LOOK_MS = 25;

/**
 * Every insert takes the next value of one sequence, but commits in another order: a row with a lower id may appear after
 * one with a higher. All up to where the sequence stands are there once every transaction has ended that was writing then.
 *
 * @returns undefined where one of them takes longer than a second: ask again later
 */
export async function findHorizon(sql: Sql, packedTable: string): Promise<Horizon | undefined> {
  const table = quoteName(packedTable);
  const [position] = await sql.$queryRaw<Horizon[]>`
    SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(${table}, 'id')::regclass), 0)::float8 AS "id",
           extract(epoch FROM clock_timestamp())::float8 AS "atSeconds"`;
  // A statement of its own, and after the other: who had taken an id by then is still writing, or has committed.
  let writers = await writersOf(sql, table);
  const before = new Set(writers);
  for (let waited = 0; writers.some((writer) => before.has(writer)); waited += LOOK_MS) {
    if (waited >= MAX_WAIT_MS) return undefined;
    await delay(LOOK_MS);
    writers = await writersOf(sql, table);
  }
  return position;
}

/** Whoever inserts into the table or one of its partitions holds this lock from before it takes an id until it commits. */
async function writersOf(sql: Sql, table: string): Promise<string[]> {
  const rows = await sql.$queryRaw<{ writer: string }[]>`
    SELECT DISTINCT virtualtransaction AS "writer" FROM pg_locks
    WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted AND pid IS DISTINCT FROM pg_backend_pid()
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (relation = to_regclass(${table})
        OR relation IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass(${table})))`;
  return rows.map(({ writer }) => writer);
}
