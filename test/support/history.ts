import { createLogger, type Logger } from '../../core/platform/logger.ts';
import { migrate } from '../../core/schema/migrate.ts';
import { openPrisma, type PrismaClient } from '../../core/platform/prisma.ts';
import { packedTableOf } from '../../core/stores/postgres/tableNames.ts';
import { toSnapshotRow, type SnapshotRow } from '../../core/snapshot/row.ts';
import type { Snapshot } from '../../core/contracts/snapshot.ts';
import { createTemplate, createTestDatabase, type TestDatabase } from './stores.ts';

export const silentLog: Logger = createLogger({ level: 'silent', name: 'test' });

/** A throw-away database with the history table in it, and a client for it. */
export interface TestHistory {
  dsn: string;
  /** What is read: a view. */
  table: string;
  /** The table behind it, which has the partitions. */
  packedTable: string;
  prisma: PrismaClient;
  close(): Promise<void>;
}

const TABLE = 'metrics_snapshots';

/** A throw-away database as the migrations make it. They take ten times as long as a copy of what they made. */
export async function createMigratedDatabase(): Promise<TestDatabase> {
  await createTemplate('migrated', (dsn) => migrate({ dsn, table: TABLE, log: silentLog }));
  return createTestDatabase('migrated');
}

async function createDatabaseOf(table: string): Promise<TestDatabase> {
  if (table === TABLE) return createMigratedDatabase();
  const database = await createTestDatabase();
  await migrate({ dsn: database.dsn, table, log: silentLog });
  return database;
}

/** Call it in `beforeAll` or `beforeEach`, and `close` after. */
export async function createTestHistory(table = TABLE): Promise<TestHistory> {
  const database = await createDatabaseOf(table);
  const prisma = openPrisma({ dsn: database.dsn, log: silentLog, applicationName: 'test', poolSize: 6 });
  return {
    dsn: database.dsn,
    table,
    packedTable: packedTableOf(table),
    prisma: prisma.handle,
    async close() {
      await prisma.close();
      await database.close();
    },
  };
}

/** A UUID made of a number, so that a test can say which row it means. */
export function snapshotIdOf(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

/** A snapshot of that second, with whatever is given in place of its own. */
export function snapshotAt(timestamp: number, changes: Partial<Snapshot> = {}): Snapshot {
  return {
    timestamp,
    total_cpu_percent: 45.2,
    per_core_cpu_percent: [40.1, 50.3],
    system_memory_total_mb: 16_000,
    system_memory_used_mb: 8_000.5,
    top_processes: [
      {
        pid: 1234,
        name: 'chrome.exe',
        cpu_percent: 15.5,
        memory_mb: 512.3,
        thread_count: 10,
        io_read_mb: 1,
        io_write_mb: 2,
        handle_count: 100,
      },
    ],
    ...changes,
  };
}

/** A row as the workers insert it: snapshot `number` of `agentId`. */
export function snapshotRow(
  number: number,
  timestamp: number,
  agentId = 'web-01',
  changes: Partial<Snapshot> = {},
): SnapshotRow {
  const row = toSnapshotRow(snapshotAt(timestamp, changes), {
    agentId,
    receivedAtMs: timestamp * 1000 + 250,
  });
  return { ...row, snapshotId: snapshotIdOf(number) };
}
