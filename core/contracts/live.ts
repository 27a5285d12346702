import { z } from 'zod';
import { conditionSchema } from './agents.ts';
import type { AlertEvent } from './alert.ts';
import type { AlertChange } from './alerting/alert.ts';
import { agentIdSchema, type Snapshot } from './snapshot.ts';

/** Most agents that one `subscribe` may name, and that a socket may be subscribed to; a client that wants more asks for `"*"`. */
export const MAX_SUBSCRIBED_AGENTS = 1000;

/** Body of `subscribe` and `unsubscribe`: some agents, or all of them. */
export const subscriptionSchema = z.object({
  agents: z.union([z.literal('*'), z.array(agentIdSchema).min(1).max(MAX_SUBSCRIBED_AGENTS)]),
});

export type Subscription = z.output<typeof subscriptionSchema>;

/** Answer to `subscribe` and `unsubscribe`. */
export type SubscriptionAck = { ok: true; agents: '*' | string[] } | { ok: false; detail: string };

/** One line of the `fleet` event: the latest of one agent that changed within the last second. */
export interface FleetLine {
  agent_id: string;
  timestamp: number;
  total_cpu_percent: number;
  system_memory_used_mb: number;
  system_memory_total_mb: number;
  top_process: { name: string; cpu_percent: number } | null;
}

/** A snapshot as live clients get it: always with its agent. */
export type LiveSnapshot = Snapshot & { agent_id: string };

/** An agent that began to report, is late, or is taken to be gone. */
export const agentStateEventSchema = z.object({
  agent_id: agentIdSchema,
  state: conditionSchema,
  /** Epoch seconds at which its last report was received. */
  last_seen: z.number().int(),
});

export type AgentStateEvent = z.output<typeof agentStateEventSchema>;

export interface ServerToClientEvents {
  snapshot: (snapshot: LiveSnapshot) => void;
  alert: (event: AlertEvent) => void;
  /** What became of alerts of any rule, in the order it was decided. One may come twice: its alert's revision tells. */
  alert_changes: (changes: AlertChange[]) => void;
  fleet: (lines: FleetLine[]) => void;
  /** What changed within the last second, in order. */
  agent_states: (events: AgentStateEvent[]) => void;
}

export interface ClientToServerEvents {
  subscribe: (request: unknown, acknowledge?: (answer: SubscriptionAck) => void) => void;
  unsubscribe: (request: unknown, acknowledge?: (answer: SubscriptionAck) => void) => void;
}

/** The room of everybody who asked for every agent. */
export const ALL_AGENTS_ROOM = 'agents';

/** The room of those who asked for one agent. */
export function agentRoom(agentId: string): string {
  return `agent:${agentId}`;
}

/** Whether it is such a room. */
export function isOfOneAgent(room: string): boolean {
  return room.startsWith('agent:');
}
