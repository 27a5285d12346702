import type { PrismaClient } from '../../platform/prisma.ts';
import { DAY_SECONDS, earlierNow } from './partitionCatalog.ts';
import { orUnavailable } from './unavailable.ts';

/** Rows one statement deletes: some tenths of a second, so that nobody waits long for what it locks. */
const ROWS_A_STATEMENT = 10_000;

/** What is kept of alerting, and by which moment it counts as old; an alert that goes on is never old. */
const deletions = (prisma: PrismaClient, before: { lt: Date }, limit: number) => ({
  alerts: () => prisma.alertRecord.deleteMany({ where: { resolvedAt: before }, limit }),
  entries: () => prisma.alertEntry.deleteMany({ where: { at: before }, limit }),
  deliveries: () => prisma.delivery.deleteMany({ where: { createdAt: before }, limit }),
  silences: () => prisma.silence.deleteMany({ where: { endsAt: before }, limit }),
  audit: () => prisma.auditEntry.deleteMany({ where: { at: before }, limit }),
});

/** What became of alerting, which is not kept for ever. */
export interface AlertHistoryStore {
  /**
   * Drops what is older than the retention: alerts that were over by then, what happened to them and was told of them,
   * silences, and the audit. Resolves to how many rows went of each table.
   */
  prune(): Promise<Record<string, number>>;
}

export function createAlertHistoryStore({
  prisma,
  alertHistoryDays,
}: {
  prisma: PrismaClient;
  /** 0 or less keeps all. */
  alertHistoryDays: number;
}): AlertHistoryStore {
  return {
    prune: () =>
      orUnavailable(async () => {
        const gone: Record<string, number> = {};
        if (alertHistoryDays <= 0) return gone;
        const now = await earlierNow(prisma, Date.now());
        const before = { lt: new Date(Math.max(now - alertHistoryDays * DAY_SECONDS, 0) * 1000) };
        for (const [kind, deleteSome] of Object.entries(deletions(prisma, before, ROWS_A_STATEMENT))) {
          let deleted;
          gone[kind] = 0;
          do {
            deleted = (await deleteSome()).count;
            gone[kind] += deleted;
          } while (deleted === ROWS_A_STATEMENT);
        }
        return gone;
      }),
  };
}
