import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import {
  advance,
  dueAtMs,
  isForgotten,
  conditionOf,
  KEEP_SILENT_MS,
  parseState,
  serialiseState,
  type AgentState,
  type Reception,
  type Observation,
  type StoredState,
} from '../../fleet/agentState.ts';
import { groupBy } from '../../collections.ts';
import { agentStateEventSchema, type AgentStateEvent } from '../../contracts/live.ts';
import { MAX_RACES, retryLost } from '../../races.ts';
import { nextFlight } from '../../singleFlight.ts';
import { agentStateChannel, FLEET_KEYS, FLEET_LEASE_KEY } from '../keys.ts';
import {
  createRevisionedHash,
  parseRevisioned,
  type NextRevision,
  type Revisioned,
} from '../revisionedHash.ts';
import { createLease } from './lease.ts';

/** How many due agents are evaluated at a time. */
const DUE_AT_ONCE = 500;

/** All nodes look every second; for less than that, one of them has the lease. */
const LEASE_MS = 900;

/** A snapshot's contribution to the state of its agent. */
export type AgentObservation = Observation & { agentId: string };

/**
 * The state of every agent, in Redis: figures of the moment, and whether it reports. Times are those of Redis' clock,
 * and of receipt.
 */
export interface AgentStateStore {
  /**
   * Takes note of what a batch tells, and publishes whose state it changes. Repeating it changes nothing. What is noted
   * while another note is under way goes with the next: many batches take few commands.
   */
  note(observations: readonly AgentObservation[]): Promise<void>;
  /**
   * Looks for agents that have not been heard of for too long, and publishes whose state that changes; each change once,
   * whatever number of nodes looks. Resolves to how many changed; undefined where it was not time to look.
   *
   * @param lagMs how long the oldest report has been waiting to be noted: about what came later nothing is known
   */
  look(lagMs: number): Promise<number | undefined>;
  /** The state of every agent that has one, and Redis' time. */
  all(): Promise<{ states: Map<string, AgentState>; nowMs: number }>;
  /** The same of one. */
  one(agentId: string): Promise<{ state: AgentState | undefined; nowMs: number }>;
  /** Drops those that began until then, also what is still to come of what was received until then. */
  forget(agentIds: string | readonly string[], forgottenAtMs: number): Promise<void>;
}

/** Of a large fleet, so many are parsed before others have their turn: some ms. */
const PARSED_AT_ONCE = 2_000;

/** A published change; undefined for anything else. */
export function parseAgentStateEvent(text: string): AgentStateEvent | undefined {
  try {
    return agentStateEventSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

interface Read extends Revisioned {
  state: StoredState | undefined;
}

export interface AgentStateOptions {
  /** Of the snapshots: changes are published on one beside it. */
  channel: string;
  /** How long no other node looks after one has. Default 900 ms: all nodes look every second. */
  leaseMs?: number;
}

export function createAgentStateStore(
  redis: Redis,
  { channel: metricsChannel, leaseMs = LEASE_MS }: AgentStateOptions,
): AgentStateStore {
  const hash = createRevisionedHash(redis, FLEET_KEYS, agentStateChannel(metricsChannel));
  const lease = createLease(redis, FLEET_LEASE_KEY, leaseMs);

  async function read(agentIds: readonly string[]): Promise<{ known: Read[]; nowMs: number }> {
    const [time, values] = await Promise.all([redis.time(), hash.load(agentIds)]);
    return { known: values.map(readOf), nowMs: toMs(time) };
  }

  let waiting: AgentObservation[] = [];
  const noteWaiting = nextFlight(async () => {
    const observed = groupBy(waiting, ({ agentId }) => agentId);
    waiting = [];
    // Of what loses every race others have been told by now: the next report says it again.
    await retryLost(observed.keys(), async (agentIds) => {
      const { known, nowMs } = await read(agentIds);
      return hash.replace(known.flatMap((one) => noted(one, observed.get(one.id) ?? [], nowMs)));
    });
  });

  async function evaluateDue(reception: Reception): Promise<number> {
    let changed = 0;
    for (;;) {
      const due = await hash.due(reception.asOfMs, DUE_AT_ONCE);
      if (due.length === 0) return changed;
      const { known } = await read(due);
      const decisions = known.map((one) => evaluated(one, reception));
      // Whoever was faster has heard of it, or looks as well.
      const lost = await hash.replace(decisions);
      changed += decisions.filter(({ id, message }) => message !== undefined && !lost.has(id)).length;
      if (due.length < DUE_AT_ONCE) return changed;
    }
  }

  return {
    note(observations) {
      waiting.push(...observations);
      return noteWaiting();
    },

    async look(lagMs) {
      const taken = await lease.take();
      if (taken === undefined) return undefined;
      return evaluateDue({ asOfMs: taken.atMs - lagMs, sinceMs: taken.sinceMs });
    },

    async all() {
      // As the list it is: `hgetall` makes an object of it, with a property for each agent, for as much as all the rest.
      const [time, flat] = await Promise.all([
        redis.time(),
        redis.call('HGETALL', FLEET_KEYS.values) as Promise<string[]>,
      ]);
      const states = new Map<string, AgentState>();
      for (let i = 0; i + 1 < flat.length; i += 2) {
        if (i > 0 && i % (2 * PARSED_AT_ONCE) === 0) await nextTurn();
        const agentId = flat[i] ?? '';
        const { state } = readOf(parseRevisioned(agentId, flat[i + 1] ?? null));
        if (state !== undefined && !isForgotten(state)) states.set(agentId, state);
      }
      return { states, nowMs: toMs(time) };
    },

    async one(agentId) {
      const { known, nowMs } = await read([agentId]);
      const state = known[0]?.state;
      return { state: state === undefined || isForgotten(state) ? undefined : state, nowMs };
    },

    async forget(agentIds, forgottenAtMs) {
      const next = { forgottenAtMs };
      const unforgotten = await retryLost([agentIds].flat(), async (ids) => {
        const { known } = await read(ids);
        const older = known.filter(({ state }) => sinceMs(state) <= forgottenAtMs);
        return hash.replace(older.map((one) => nextOf(one, next, dueAtMs(next))));
      });
      if (unforgotten.length > 0)
        throw new Error(
          `the state of ${unforgotten[0]} changed ${MAX_RACES} times while it was being forgotten`,
        );
    },
  };
}

/** What a batch makes of a state; nothing where it leaves it as it is. */
function noted(read: Read, observations: AgentObservation[], nowMs: number): NextRevision[] {
  const { id, text, state } = read;
  const after = advance(state, observations, nowMs);
  if (after === undefined || after === state || serialiseState(after) === text) return [];
  if (isForgotten(after)) return [nextOf(read, after, dueAtMs(after))];
  const before = state === undefined || isForgotten(state) ? undefined : state.condition;
  const message = after.condition === before ? undefined : messageOf(id, after);
  return [nextOf(read, after, dueAtMs(after), message)];
}

/** What becomes of an agent that is due. */
function evaluated(read: Read, reception: Reception): NextRevision {
  const { id, revision, state } = read;
  const isOver =
    state === undefined ||
    (isForgotten(state)
      ? dueAtMs(state) <= reception.asOfMs
      : state.receivedAtMs + KEEP_SILENT_MS <= reception.asOfMs);
  if (state === undefined || isOver) return { id, revision, text: undefined, dueAtMs: undefined };
  if (isForgotten(state)) return nextOf(read, state, dueAtMs(state));
  const after = { ...state, condition: conditionOf(state, reception) };
  const message = after.condition === state.condition ? undefined : messageOf(id, after);
  return nextOf(read, after, dueAtMs(after, reception.sinceMs), message);
}

function nextOf({ id, revision }: Read, next: StoredState, dueAt: number, message?: string): NextRevision {
  return { id, revision, text: serialiseState(next), dueAtMs: dueAt, message };
}

/** Since when what is known of an agent has been so. */
function sinceMs(state: StoredState | undefined): number {
  if (state === undefined) return 0;
  return isForgotten(state) ? state.forgottenAtMs : state.firstReceivedAtMs;
}

function messageOf(agentId: string, { condition, receivedAtMs }: AgentState): string {
  const event: AgentStateEvent = {
    agent_id: agentId,
    state: condition,
    last_seen: Math.floor(receivedAtMs / 1000),
  };
  return JSON.stringify(event);
}

function readOf(value: Revisioned): Read {
  return { ...value, state: value.text === undefined ? undefined : parseState(value.text) };
}

function toMs([seconds, microseconds]: (string | number)[]): number {
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}
