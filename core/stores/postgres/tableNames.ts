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

/** Likewise, those of the tables of agents: what is known of each, and which were forgotten a short while ago. */
export const AGENT_SUFFIXES = { agents: '_agents', forgotten: '_forgotten' } as const;

export type AgentTables = Record<keyof typeof AGENT_SUFFIXES, string>;

/** The tables of the agents whose history the view POSTGRES_TABLE shows. */
export function agentTablesOf(view: string): AgentTables {
  return {
    agents: deriveName(view, AGENT_SUFFIXES.agents),
    forgotten: deriveName(view, AGENT_SUFFIXES.forgotten),
  };
}

/** Likewise, those of the tables of alerting: its settings, what fired, what was told of it, and who changed what. */
export const ALERTING_SUFFIXES = {
  rules: '_alert_rules',
  channels: '_channels',
  routes: '_routes',
  maintenance: '_maintenance',
  silences: '_silences',
  alerts: '_alerts',
  entries: '_alert_entries',
  deliveries: '_deliveries',
  audit: '_audit',
} as const;

export type AlertingTable = keyof typeof ALERTING_SUFFIXES;

/** A table of alerting beside the view POSTGRES_TABLE. */
export function alertingTableOf(view: string, table: AlertingTable): string {
  return deriveName(view, ALERTING_SUFFIXES[table]);
}
