/** PostgreSQL cuts longer names off without a word. */
const MAX_NAME_LENGTH = 63;

/** The name as an identifier inside SQL, whatever it holds. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A name derived from another, such as `metrics_snapshots_pkey`: where it would be too long, its beginning is cut. */
export function deriveName(name: string, suffix: string): string {
  return name.slice(0, MAX_NAME_LENGTH - suffix.length) + suffix;
}

export const PACKED_SUFFIX = '_packed';

/** The table behind the view POSTGRES_TABLE: it has the rows, with their cores and processes packed. */
export function packedTableOf(view: string): string {
  return deriveName(view, PACKED_SUFFIX);
}

/** Behind the view's name, those of the tables in which the history is rolled up. */
export const ROLLUP_SUFFIXES = {
  minutes: '_minutes',
  hours: '_hours',
  processHours: '_process_hours',
  progress: '_rollup',
  pendingHours: '_pending_hours',
} as const;

export type RollupTables = Record<keyof typeof ROLLUP_SUFFIXES, string>;

/** The tables in which the history of the view POSTGRES_TABLE is rolled up. */
export function rollupTablesOf(view: string): RollupTables {
  return {
    minutes: deriveName(view, ROLLUP_SUFFIXES.minutes),
    hours: deriveName(view, ROLLUP_SUFFIXES.hours),
    processHours: deriveName(view, ROLLUP_SUFFIXES.processHours),
    progress: deriveName(view, ROLLUP_SUFFIXES.progress),
    pendingHours: deriveName(view, ROLLUP_SUFFIXES.pendingHours),
  };
}

/**
 * The tables that are no history, as the models of prisma/schema.prisma name them: they do not follow POSTGRES_TABLE. What
 * makes room for them or drops them goes by this list.
 */
export const FIXED_TABLES = [
  'topline_agents',
  'topline_forgotten_agents',
  'topline_alert_rules',
  'topline_alert_channels',
  'topline_alert_routes',
  'topline_maintenance_windows',
  'topline_silences',
  'topline_alerts',
  'topline_alert_entries',
  'topline_deliveries',
  'topline_audit_entries',
] as const;

export type FixedTable = (typeof FIXED_TABLES)[number];
