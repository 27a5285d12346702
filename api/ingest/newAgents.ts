import { LRUCache } from 'lru-cache';
import type { KnownAgentStore } from '../../core/stores/redis/knownAgents.ts';
import type { RateLimitStore } from '../../core/stores/redis/rateLimit.ts';

/** Agents remembered as known, so that no question is asked for their snapshots. */
const MAX_REMEMBERED = 50_000;

/** For how long: a forgotten agent that goes on counts as new after that, and a known one is known for longer. */
const REMEMBERED_MS = 10 * 60_000;

const WINDOW_MS = 60_000;

/** How soon to ask again where there are as many agents as there may be: a person has to do something. */
const FULL_RETRY_MS = 300_000;

export interface NewAgentLimits {
  /** New agents a minute from one address; 0 or less: any number. */
  perMinute: number;
  /** Agents in all; 0 or less: any number. */
  most: number;
}

/** Who brings an agent. */
export interface Introduction {
  address: string;
  /** It has a token of its own: the operator knows it. */
  isVouchedFor: boolean;
}

/** Why a new agent is not taken. */
export interface Refusal {
  detail: string;
  retryAfterMs: number;
}

/** Lets new agents in, no more than there may be. */
export interface NewAgents {
  /**
   * Undefined where the agent may report. A promise only where this process has not heard of it for a while; it rejects
   * where Redis is away.
   */
  refusal(agentId: string, introduction: Introduction): undefined | Promise<Refusal | undefined>;
}

export interface NewAgentsOptions extends NewAgentLimits {
  known: Pick<KnownAgentStore, 'confirm' | 'add'>;
  rateLimits: Pick<RateLimitStore, 'take'>;
  /** Called for each agent that is new. */
  onNew?: (outcome: 'taken' | 'refused') => void;
  nowMs?: () => number;
}

export function createNewAgents({
  known,
  rateLimits,
  perMinute,
  most,
  onNew,
  nowMs = () => performance.now(),
}: NewAgentsOptions): NewAgents {
  /** Until when each is taken for known. */
  const remembered = new LRUCache<string, number>({ max: MAX_REMEMBERED });

  async function refusalOfNew(
    agentId: string,
    { address, isVouchedFor }: Introduction,
    count: number,
  ): Promise<Refusal | undefined> {
    const limit = isVouchedFor ? 0 : most;
    if (limit > 0 && count >= limit) return full(limit);
    if (perMinute > 0 && !isVouchedFor) {
      const { allowed, resetMs } = await rateLimits.take(`new-agents:${address}`, perMinute, WINDOW_MS);
      if (!allowed) return tooManyNew(perMinute, resetMs);
    }
    return (await known.add(agentId, limit)) ? undefined : full(limit);
  }

  async function ask(agentId: string, introduction: Introduction): Promise<Refusal | undefined> {
    const { isKnown, count } = await known.confirm(agentId);
    if (!isKnown) {
      const refusal = await refusalOfNew(agentId, introduction, count);
      onNew?.(refusal === undefined ? 'taken' : 'refused');
      if (refusal !== undefined) return refusal;
    }
    remembered.set(agentId, nowMs() + REMEMBERED_MS);
    return undefined;
  }

  return {
    refusal(agentId, introduction) {
      const until = remembered.get(agentId);
      return until !== undefined && nowMs() < until ? undefined : ask(agentId, introduction);
    },
  };
}

function full(most: number): Refusal {
  const detail = `There are ${most} agents, and no new one is taken: forget some (npm run agents -- forget), or raise AGENT_LIMIT`;
  return { detail, retryAfterMs: FULL_RETRY_MS };
}

function tooManyNew(perMinute: number, retryAfterMs: number): Refusal {
  const detail = `More than ${perMinute} new agents a minute from one address: they are taken later, or raise AGENT_NEW_LIMIT_PER_MINUTE`;
  return { detail, retryAfterMs };
}
