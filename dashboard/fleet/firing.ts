import type { AlertEvent } from '../../core/contracts/alert.ts';
import type { FleetLine } from '../../core/contracts/live.ts';

/** An alert that goes on. */
export interface Firing {
  agentId: string;
  /** Epoch seconds at which its window opened. */
  startedAt: number;
  message: string;
  threshold: number;
}

/** The alerts that are firing, by agent; what is no longer firing is not in it. */
export type FiringByAgent = ReadonlyMap<string, readonly Firing[]>;

export const NOTHING_FIRING: FiringByAgent = new Map();

/**
 * What is firing now, of the events of before: the API tells when an alert fires, and its window ends with the first value
 * below the threshold. A host that fell silent meanwhile goes on firing: silence resolves nothing.
 *
 * @param events oldest first
 * @param cpuOf the latest CPU percent of an agent; undefined where there is none
 */
export function firingOf(
  events: readonly AlertEvent[],
  cpuOf: (agentId: string) => number | undefined,
): FiringByAgent {
  const newest = new Map(events.map((event) => [event.agent_id, event]));
  const firing = new Map<string, Firing[]>();
  for (const [agentId, event] of newest) {
    const cpu = cpuOf(agentId);
    if (cpu !== undefined && cpu >= event.threshold) firing.set(agentId, [firingOfEvent(event)]);
  }
  return firing;
}

/** With an event that came just now. */
export function withEvent(firing: FiringByAgent, event: AlertEvent): FiringByAgent {
  return new Map(firing).set(event.agent_id, [firingOfEvent(event)]);
}

/** Without those whose windows have ended; the very same where none has. */
export function afterLines(firing: FiringByAgent, lines: readonly FleetLine[]): FiringByAgent {
  const ended = lines.filter(({ agent_id, total_cpu_percent }) =>
    firing.get(agent_id)?.every(({ threshold }) => total_cpu_percent < threshold),
  );
  if (ended.length === 0) return firing;
  const left = new Map(firing);
  for (const { agent_id } of ended) left.delete(agent_id);
  return left;
}

function firingOfEvent({ agent_id, started_at, message, threshold }: AlertEvent): Firing {
  return { agentId: agent_id, startedAt: started_at, message, threshold };
}
