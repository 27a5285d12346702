import { isLostRace, sqlStateOf } from '../platform/postgresErrors.ts';
import { deriveName, packedTableOf, quoteName } from '../stores/postgres/tableNames.ts';
import type { SnapshotRow } from '../snapshot/row.ts';
import { upgradeTablesOf } from './tables.ts';
import { textArrayOf } from '../stores/postgres/arrays.ts';
import { DAY_SECONDS, earlierNow, type Sql } from '../stores/postgres/partitionCatalog.ts';
import { createPartitions } from '../stores/postgres/partitions.ts';
import { readSeedRow } from './seedRow.ts';
import {
  compareKeys,
  SNAPSHOT_PARTITIONS,
  toColumns,
  type SnapshotStoreOptions,
} from '../stores/postgres/snapshots.ts';
import { orUnavailable } from '../stores/postgres/unavailable.ts';
import { finishUpgrade, lockUpgrade, type UpgradeEnd } from './finish.ts';
import { readProgress, type UpgradeProgress } from './progress.ts';
import {
  countPage,
  deletePage,
  HAS_TIME_INDEX,
  insertMoved,
  selectPage,
  setAside,
  type PageRow,
} from './sql.ts';

/** What became of one page of rows. */
export interface MovedPage {
  rows: number;
  /** Why rows of it were refused, one line each. */
  refusals: string[];
}

/**
 * The move of the rows of the service before into the packed table, page by page. A row is inserted and deleted in one
 * transaction, so that the view shows it once whenever one looks; being cut off anywhere, or done by several at once,
 * changes nothing. Every method throws an UnavailableError where the same call is worth repeating.
 */
export interface Upgrade {
  /** Undefined where there is nothing to move and nothing to tell. */
  progress(): Promise<UpgradeProgress | undefined>;
  /** Sees to the index that the pages are read by, and to an estimate of how many rows there are. */
  prepare(): Promise<void>;
  /** Moves the newest rows there are, the next ones with each call; undefined where another process is at it. */
  movePage(): Promise<MovedPage | undefined>;
  /** Drops the table if it is empty, and what was there for the move alone. */
  finish(): Promise<UpgradeEnd>;
  /** Lets people know, by `/health`, why the move does not come to its end. */
  tellObstacle(obstacle: string): Promise<void>;
}

/** With POSTGRES_TABLE as the table. */
export interface UpgradeOptions extends SnapshotStoreOptions {
  /** Most rows in one transaction. The default is some 200 ms of work. */
  pageRows?: number;
}

const PAGE_ROWS = 1_000;
const PAGE_TIMEOUT_MS = 20_000;

/**
 * Limits on what follows the insert, in ms. The rollup goes on 30 s behind the ids that are given out: a process that is
 * frozen here must not commit its ids later than that.
 */
const COMMIT_LIMITS =
  "SELECT set_config('statement_timeout', '5000', true), set_config('idle_in_transaction_session_timeout', '5000', true)";

/** How often one page is tried again at once, after a lost race or where a day was missing. */
const MAX_TRIES = 6;

/** Somebody else changed rows while they were being moved. */
class ChangedMeanwhile extends Error {}

export function createUpgrade(options: UpgradeOptions): Upgrade {
  const { prisma, table, retentionDays, clock = Date.now, pageRows = PAGE_ROWS } = options;
  const { seed, refused, progress } = upgradeTablesOf(table);
  const packed = packedTableOf(table);
  const partitions = createPartitions({ ...options, ...SNAPSHOT_PARTITIONS, table: packed });

  async function cutOffSeconds(sql: Sql): Promise<number> {
    // Prisma hands an infinity on as NULL.
    if (retentionDays <= 0) return -Number.MAX_SAFE_INTEGER;
    return (await earlierNow(sql, clock())) - retentionDays * DAY_SECONDS;
  }

  /** Rows without a time come last, and leave the position where it is. */
  async function readPage(tx: Sql): Promise<{ page: PageRow[]; position: string }> {
    const [from] = await tx.$queryRawUnsafe<{ position: string }[]>(
      `SELECT coalesce(position, 'infinity') AS position FROM ${quoteName(progress)}`,
    );
    const position = from?.position ?? 'infinity';
    const cutOff = await cutOffSeconds(tx);
    const read = (dated: boolean, below: string | null) =>
      tx.$queryRawUnsafe<PageRow[]>(selectPage(seed, dated), below, cutOff, pageRows);
    const dated = await read(true, position);
    const page = dated.length > 0 ? dated : await read(false, null);
    return { page, position: page.at(-1)?.position ?? position };
  }

  async function movePageIn(tx: Sql, onRows: (rows: SnapshotRow[]) => void): Promise<MovedPage | undefined> {
    if (!(await lockUpgrade(tx, table))) return undefined;
    const { page, position } = await readPage(tx);
    const accepted: { row: SnapshotRow; createdAt: string | null }[] = [];
    const refusedPlaces: string[] = [];
    const refusals: string[] = [];
    for (const { json, createdMs, createdAt, place } of page) {
      if (json === null) continue;
      const row = readSeedRow({ json, createdMs }, clock() / 1000);
      if (typeof row === 'string') {
        refusals.push(row);
        refusedPlaces.push(place);
      } else accepted.push({ row, createdAt });
    }
    onRows(accepted.map(({ row }) => row));
    const inserted = await insert(tx, accepted);
    const refusedSet = new Set(refusedPlaces);
    const movedPlaces = page.flatMap(({ place }) => (refusedSet.has(place) ? [] : [place]));
    const gone =
      (await tx.$executeRawUnsafe(deletePage(seed), textArrayOf(movedPlaces))) +
      (refusedPlaces.length === 0
        ? 0
        : await tx.$executeRawUnsafe(setAside(seed, refused), textArrayOf(refusedPlaces)));
    if (gone !== page.length) throw new ChangedMeanwhile();
    await tx.$executeRawUnsafe(
      countPage(progress),
      position,
      inserted,
      accepted.length - inserted,
      page.length - accepted.length - refusals.length,
      refusals.length,
    );
    return { rows: page.length, refusals };
  }

  async function insert(
    tx: Sql,
    accepted: { row: SnapshotRow; createdAt: string | null }[],
  ): Promise<number> {
    if (accepted.length === 0) return 0;
    await tx.$queryRawUnsafe(COMMIT_LIMITS);
    const sorted = accepted.toSorted((a, b) => compareKeys(a.row, b.row));
    const [counts = { inserted: 0 }] = await tx.$queryRawUnsafe<{ inserted: number }[]>(
      insertMoved(packed),
      ...toColumns(sorted.map(({ row }) => row)),
      textArrayOf(sorted.map(({ createdAt }) => createdAt ?? undefined)),
    );
    return counts.inserted;
  }

  async function movePage(): Promise<MovedPage | undefined> {
    let days: number[] = [];
    const remember = (rows: SnapshotRow[]) => {
      days = rows.map(({ timestamp }) => Math.floor(timestamp / DAY_SECONDS));
    };
    for (let tries = 1; ; tries++) {
      try {
        return await prisma.$transaction((tx) => movePageIn(tx, remember), {
          // What is deleted is what was read.
          isolationLevel: 'RepeatableRead',
          timeout: PAGE_TIMEOUT_MS,
          maxWait: PAGE_TIMEOUT_MS,
        });
      } catch (error) {
        if (tries >= MAX_TRIES) throw error;
        if (sqlStateOf(error) === '23514') await partitions.ensureDays(days);
        else if (!isLostRace(error) && !(error instanceof ChangedMeanwhile)) throw error;
      }
    }
  }

  return {
    progress: () => orUnavailable(() => readProgress(prisma, table)),

    prepare: () =>
      orUnavailable(async () => {
        const [row] = await prisma.$queryRawUnsafe<{ indexed: boolean }[]>(HAS_TIME_INDEX, quoteName(seed));
        if (row?.indexed === false) {
          const index = quoteName(deriveName(seed, '_time_idx'));
          // One that was cut off is there, and of no use.
          await prisma.$executeRawUnsafe(`DROP INDEX CONCURRENTLY IF EXISTS ${index}`);
          await prisma.$executeRawUnsafe(
            `CREATE INDEX CONCURRENTLY ${index} ON ${quoteName(seed)} (timestamp_utc)`,
          );
        }
        const estimate = await readProgress(prisma, table);
        if (estimate === undefined || estimate.rowsEstimated !== null) return;
        await prisma.$executeRawUnsafe(`ANALYZE ${quoteName(seed)}`);
        await prisma.$executeRawUnsafe(
          `UPDATE ${quoteName(progress)} SET rows_estimated = moved + duplicates + expired + refused
             + (SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = to_regclass($1))`,
          quoteName(seed),
        );
      }),

    movePage: () => orUnavailable(movePage),

    finish: () => orUnavailable(() => finishUpgrade({ prisma, table, cutOffSeconds })),

    tellObstacle: (obstacle) =>
      orUnavailable(
        async () =>
          void (await prisma.$executeRawUnsafe(
            `UPDATE ${quoteName(progress)} SET obstacle = $1::text`,
            obstacle,
          )),
      ),
  };
}
