import { alertingTableOf, quoteName, type AlertingTable } from './tableNames.ts';
import type { PrismaClient } from '../../platform/prisma.ts';
import { orUnavailable } from './unavailable.ts';

/** Rows one statement deletes: some tenths of a second, so that nobody waits long for what it locks. */
const ROWS_A_STATEMENT = 10_000;

const DAY_SECONDS = 86_400;

/** What is kept of alerting, and by which moment it counts as old; an alert that goes on is never old. */
const KEPT: { table: AlertingTable; key: string; at: string }[] = [
  { table: 'alerts', key: 'id', at: 'resolved_at' },
  { table: 'entries', key: 'alert_id, key', at: 'at' },
  { table: 'deliveries', key: 'id', at: 'created_at' },
  { table: 'silences', key: 'id', at: 'ends_at' },
  { table: 'audit', key: 'id', at: 'at' },
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
  table: view,
  alertHistoryDays,
}: {
  prisma: PrismaClient;
  table: string;
  /** 0 or less keeps all. */
  alertHistoryDays: number;
}): AlertHistoryStore {
  async function pruneTable({ table, key, at }: (typeof KEPT)[number]): Promise<number> {
    const from = quoteName(alertingTableOf(view, table));
    let gone = 0;
    for (;;) {
      const deleted = await prisma.$executeRawUnsafe(
        `DELETE FROM ${from} WHERE (${key}) IN (
           SELECT ${key} FROM ${from} WHERE ${at} < now() - make_interval(secs => $1::float8) LIMIT ${ROWS_A_STATEMENT})`,
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
        for (const kept of KEPT) gone[kept.table] = await pruneTable(kept);
        return gone;
      }),
  };
}
