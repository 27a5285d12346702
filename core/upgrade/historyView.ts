import { deriveName, packedTableOf, quoteName } from '../stores/postgres/tableNames.ts';
import { upgradeTablesOf } from './tables.ts';

/** Which tables of the service before still have rows that the view has to show beside the packed ones. */
export interface ViewParts {
  /** Rows that are not moved yet. */
  seed: boolean;
  /** Rows that cannot be moved. */
  refused: boolean;
}

/**
 * The statement that makes the view POSTGRES_TABLE: as the migrations make it, and below that the rows of the service
 * before where they are. A migration that changes the view changes this, too (test/integration/migrate.test.ts compares).
 */
export function historyViewSql(table: string, { seed, refused }: ViewParts): string {
  const tables = upgradeTablesOf(table);
  const parts = [
    packedPart(table),
    ...(seed ? [seedPart(tables.seed)] : []),
    ...(refused ? [seedPart(tables.refused)] : []),
  ];
  return `CREATE OR REPLACE VIEW ${quoteName(table)} AS\n${parts.join('\nUNION ALL\n')}`;
}

function packedPart(table: string): string {
  const reader = (suffix: string) => quoteName(deriveName(table, suffix));
  return `SELECT "id", "agent_id", "snapshot_id", "timestamp_utc",
  extract(epoch FROM "timestamp_utc")::BIGINT AS "epoch_seconds", "total_cpu_percent",
  ${reader('_per_core_cpu_percent')}("measurements") AS "per_core_cpu_percent",
  "system_memory_total_mb", "system_memory_used_mb",
  ${reader('_top_processes')}("measurements") AS "top_processes", "received_at", "created_at"
FROM ${quoteName(packedTableOf(table))}`;
}

/**
 * With the types of the other part, to the modifier: else the view could not be replaced by it. The planner takes the
 * casts that change nothing away, so that a condition on the time finds the table's index.
 */
function seedPart(table: string): string {
  return `SELECT "id"::BIGINT, 'default'::TEXT, NULL::UUID, "timestamp_utc"::TIMESTAMPTZ(6),
  "epoch_seconds"::BIGINT, "total_cpu_percent"::FLOAT8, "per_core_cpu_percent"::JSONB,
  "system_memory_total_mb"::FLOAT8, "system_memory_used_mb"::FLOAT8, "top_processes"::JSONB,
  "created_at"::TIMESTAMPTZ(6), "created_at"::TIMESTAMPTZ(6)
FROM ${quoteName(table)}`;
}
