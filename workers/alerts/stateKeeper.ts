import { LRUCache } from 'lru-cache';
import { NEVER_SEEN, type AgentAlerting } from '../../core/alerting/agentAlerting.ts';
import { parseAlerting, serialiseAlerting } from '../../core/alerting/stateCodec.ts';
import type { Logger } from '../../core/platform/logger.ts';
import type { AlertStateStore } from '../../core/stores/redis/alertStates.ts';

/** A state as it was last written or read, with its revision. */
export interface KnownState {
  revision: number;
  state: AgentAlerting;
}

/** A state takes a few hundred bytes; that of an agent with many alerts open some ten thousand. */
const MAX_AGENTS = 20_000;

/** What is to become of a state that was read. */
export interface StateWrite {
  agentId: string;
  known: KnownState;
  /** Undefined: it goes. */
  next: AgentAlerting | undefined;
  dueAtMs: number;
}

/**
 * States of agents. What this worker wrote last needs no question and no parsing, until another worker writes: its own next
 * write is refused then, and it asks.
 */
export interface StateKeeper {
  load(agentIds: readonly string[]): Promise<Map<string, KnownState>>;
  /** Resolves to the states as they are stored now, without those that somebody else has changed meanwhile. */
  save(writes: readonly StateWrite[]): Promise<Map<string, KnownState>>;
  /** Has them asked for when they are needed next. */
  drop(agentIds: Iterable<string>): void;
}

/** @param maxAgents whose states are kept in memory, those that were used last */
export function createStateKeeper(
  states: Pick<AlertStateStore, 'load' | 'replace'>,
  { log, maxAgents = MAX_AGENTS }: { log: Logger; maxAgents: number | undefined },
): StateKeeper {
  const cache = new LRUCache<string, KnownState>({ max: maxAgents });
  const drop = (agentIds: Iterable<string>) => {
    for (const agentId of agentIds) cache.delete(agentId);
  };

  function parse(agentId: string, text: string | undefined): AgentAlerting {
    const state = parseAlerting(text);
    if (state === undefined)
      log.error({ agent: agentId }, 'the alert state of an agent is damaged: begun anew');
    return state ?? NEVER_SEEN;
  }

  return {
    async load(agentIds) {
      const found = new Map<string, KnownState>();
      const missing: string[] = [];
      for (const agentId of agentIds) {
        const known = cache.get(agentId);
        if (known === undefined) missing.push(agentId);
        else found.set(agentId, known);
      }
      for (const { id, revision, text } of await states.load(missing))
        found.set(id, { revision, state: parse(id, text) });
      return found;
    },

    async save(writes) {
      const lost = await states.replace(
        writes.map(({ agentId, known, next, dueAtMs }) => ({
          id: agentId,
          revision: known.revision,
          text: next === undefined ? undefined : serialiseAlerting(next),
          dueAtMs: next === undefined ? undefined : dueAtMs,
        })),
      );
      const saved = new Map<string, KnownState>();
      for (const { agentId, known, next } of writes) {
        if (lost.has(agentId) || next === undefined) cache.delete(agentId);
        if (lost.has(agentId)) continue;
        const now = { revision: known.revision + 1, state: next ?? NEVER_SEEN };
        if (next !== undefined) cache.set(agentId, now);
        saved.set(agentId, now);
      }
      return saved;
    },

    drop,
  };
}
