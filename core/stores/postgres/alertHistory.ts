import type { FixedTable } from './tableNames.ts';
import type { PrismaClient } from '../../platform/prisma.ts';
import { orUnavailable } from './unavailable.ts';

/** Rows one statement deletes: some tenths of a second, so that nobody waits long for what it locks. */
const ROWS_A_STATEMENT = 10_000;

const DAY_SECONDS = 86_400;

/** What is kept of alerting, and by which moment it counts as old; an alert that goes on is never old. */
const KEPT: { name: string; table: FixedTable; key: string; at: string }[] = [
  { name: 'alerts', table: 'topline_alerts', key: 'id', at: 'resolved_at' },
  { name: 'entries', table: 'topline_alert_entries', key: 'alert_id, key', at: 'at' },
  { name: 'deliveries', table: 'topline_deliveries', key: 'id', at: 'created_at' },
  { name: 'silences', table: 'topline_silences', key: 'id', at: 'ends_at' },
  { name: 'audit', table: 'topline_audit_entries', key: 'id', at: 'at' },
];

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
  async function pruneTable({ table, key, at }: (typeof KEPT)[number]): Promise<number> {
    let gone = 0;
    for (;;) {
      const deleted = await prisma.$executeRawUnsafe(
        `DELETE FROM ${table} WHERE (${key}) IN (
           SELECT ${key} FROM ${table} WHERE ${at} < now() - make_interval(secs => $1::float8) LIMIT ${ROWS_A_STATEMENT})`,
        alertHistoryDays * DAY_SECONDS,
      );
      gone += deleted;
      if (deleted < ROWS_A_STATEMENT) return gone;
    }
  }

  return {
    prune: () =>
      orUnavailable(async () => {
        const gone: Record<string, number> = {};
        if (alertHistoryDays <= 0) return gone;
        for (const kept of KEPT) gone[kept.name] = await pruneTable(kept);
        return gone;
      }),
  };
}
