import type { AgentAlerting } from '../../core/alerting/agentAlerting.ts';

/** A state as it was last written or read, with its revision. */
export interface KnownState {
  revision: number;
  state: AgentAlerting;
}

/**
 * States this worker has at hand. What it wrote last needs no question and no parsing, until another worker writes: its
 * own next write is refused then, and it asks. Past `maxAgents` those that were used longest ago are let go.
 */
export interface StateCache {
  get(agentId: string): KnownState | undefined;
  set(agentId: string, known: KnownState): void;
  drop(agentIds: Iterable<string>): void;
}

/** A state takes a few hundred bytes; that of an agent with many alerts open some ten thousand. */
const MAX_AGENTS = 20_000;

export function createStateCache(maxAgents = MAX_AGENTS): StateCache {
  const states = new Map<string, KnownState>();
  return {
    get: (agentId) => states.get(agentId),
    set(agentId, known) {
      // A map keeps the order in which keys came.
      states.delete(agentId);
      states.set(agentId, known);
      if (states.size <= maxAgents) return;
      const [oldest] = states.keys();
      if (oldest !== undefined) states.delete(oldest);
    },
    drop(agentIds) {
      for (const agentId of agentIds) states.delete(agentId);
    },
  };
}
