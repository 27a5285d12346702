import type { Snapshot } from '../../core/contracts/snapshot.ts';

/** The id of a host that says none (DEFAULT_AGENT_ID of core/contracts/snapshot.ts, which would bring zod along). */
export const DEFAULT_AGENT = 'default';

/** What of a snapshot the list shows. */
export type ListedSnapshot = Pick<
  Snapshot,
  | 'agent_id'
  | 'timestamp'
  | 'total_cpu_percent'
  | 'system_memory_used_mb'
  | 'system_memory_total_mb'
  | 'top_processes'
>;
