import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../../core/config.ts';
import { messageOf, StartError } from '../../core/errors.ts';
import { openPrisma, type PrismaClient } from '../../core/platform/prisma.ts';
import type { ProcessContext } from '../../core/platform/process.ts';
import { migrate } from '../../core/schema/migrate.ts';

/** What a store in PostgreSQL is made of. */
export type Postgres = Config['postgres'] & { prisma: PrismaClient };

/**
 * Four for `persist`, one each for `prune` and `record`, and two for `rollup`, which makes partitions while a transaction
 * goes on.
 */
const POOL_SIZE = 8;

/** How long to wait before PostgreSQL is tried again when the tables cannot be made ready. */
const MIGRATE_RETRY_MS = 2_000;

/** The one pool of all roles that keep something in PostgreSQL; undefined where no history is kept. */
export function openPostgres({ config, log, lifecycle }: ProcessContext): Postgres | undefined {
  if (config.postgres.dsn === '') return undefined;
  const prisma = openPrisma({
    dsn: config.postgres.dsn,
    log,
    applicationName: 'topline workers',
    poolSize: POOL_SIZE,
  });
  lifecycle.defer('PostgreSQL', prisma.close);
  return { ...config.postgres, prisma: prisma.handle };
}

/**
 * Applies the migrations. Where PostgreSQL is away it goes on trying in the background, and the jobs that need the
 * tables wait with it; what only the user can put right ends the process.
 */
export async function makeTablesReady(
  { config, log, lifecycle }: ProcessContext,
  onReady: () => void,
): Promise<void> {
  async function attempt(): Promise<boolean> {
    try {
      const { applied } = await migrate({ dsn: config.postgres.dsn, table: config.postgres.table, log });
      if (applied.length > 0) log.info({ applied }, 'migrations applied');
      onReady();
      return true;
    } catch (error) {
      if (error instanceof StartError) throw error;
      log.warn({ reason: messageOf(error) }, 'PostgreSQL is not ready; trying again until it is');
      return false;
    }
  }

  async function persevere(): Promise<void> {
    do await delay(MIGRATE_RETRY_MS);
    while (!lifecycle.stopping && !(await attempt()));
  }

  // A fault that ends it becomes an unhandled rejection, which stops the process as any bug would.
  if (!(await attempt())) void persevere();
}
