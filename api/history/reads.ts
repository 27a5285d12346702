import type { Config } from '../../core/config.ts';
import { ServiceError, UnavailableError } from '../../core/errors.ts';
import { coverageOf, type Coverage } from '../../core/history/segments.ts';
import { openPrisma } from '../../core/platform/prisma.ts';
import type { ProcessContext } from '../../core/platform/process.ts';
import { createHistoryStore, type HistoryStore } from '../../core/stores/history.ts';

/** Connections that only questions about the history use: nothing else waits for them. */
const POOL_SIZE = 4;

/** Longest one statement of a question may take, in ms. */
const STATEMENT_TIMEOUT_MS = 5_000;

/** Most questions that are worked on at a time: what they fold lies in memory, and each takes a share of the processor. */
const MAX_UNDER_WAY = 16;

/** What the routes about the history ask. */
export interface HistoryReads {
  store: HistoryStore;
  /** What each tier has everything of. */
  coverage(nowSeconds: number): Promise<Coverage>;
  /**
   * Works on a question, unless there are too many already.
   *
   * @throws {UnavailableError} where there are
   */
  answer<T>(work: () => Promise<T>): Promise<T>;
}

/** Opens what the history is read through; undefined where none is kept. */
export function openHistoryReads({ config, log, lifecycle }: ProcessContext): HistoryReads | undefined {
  if (config.postgres.dsn === '') return undefined;
  const prisma = openPrisma({
    dsn: config.postgres.dsn,
    log,
    applicationName: 'topline api history',
    poolSize: POOL_SIZE,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  lifecycle.defer('PostgreSQL for the history', prisma.close);
  const { table } = config.postgres;
  return createHistoryReads(createHistoryStore({ prisma: prisma.handle, table }), config.postgres);
}

export function createHistoryReads(store: HistoryStore, { retentionDays }: Config['postgres']): HistoryReads {
  let underWay = 0;
  return {
    store,
    coverage: async (nowSeconds) =>
      coverageOf(
        { raw: retentionDays, minutes: 90, hours: 730 },
        { minutesUntil: undefined, hoursUntil: undefined },
        nowSeconds,
      ),
    async answer(work) {
      if (underWay >= MAX_UNDER_WAY)
        throw new UnavailableError(
          'Too many questions about the history at once: ask again when Retry-After says',
        );
      underWay += 1;
      try {
        return await work();
      } finally {
        underWay -= 1;
      }
    },
  };
}

/** @throws {ServiceError} 503 where no history is kept, with the setting that turns it on */
export function orDisabled(history: HistoryReads | undefined): HistoryReads {
  if (history !== undefined) return history;
  throw new ServiceError(
    503,
    'No history is kept: set POSTGRES_DSN to a PostgreSQL database, and start again',
  );
}
