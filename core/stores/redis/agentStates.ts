import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Redis, Result } from 'ioredis';
import {
  advance,
  dueAtMs,
  isForgotten,
  judge,
  KEEP_SILENT_MS,
  parseState,
  serialiseState,
  type AgentState,
  type Hearing,
  type Observation,
  type StoredState,
} from '../../fleet/agentState.ts';
import { groupBy } from '../../collections.ts';
import { agentStateEventSchema, type AgentStateEvent } from '../../contracts/live.ts';
import { createSharedLook, FLEET_LOOK_KEY } from './lease.ts';

/** A hash: the state of each agent by its id, as `<revision> <state>`. The keys share a slot of a Redis Cluster. */
const STATES_KEY = '{topline:fleet}:states';

/** Agents, scored with the time (epoch ms) at which each is looked at if it says nothing until then. */
const DUE_KEY = '{topline:fleet}:due';

/** Behind the channel of the snapshots: the one on which changes of a state are published. */
const CHANNEL_SUFFIX = ':agents';

/** How often a state that others keep changing is tried; each loss of the race means that another one won it. */
const MAX_RACES = 20;

/** How many due agents are judged at a time. */
const DUE_AT_ONCE = 500;

/** All nodes look; less than this after another one has, there is nothing to do. */
const LOOK_EVERY_MS = 900;

/** States replaced by one call: fewer than half of the values that Lua takes as arguments. */
const REPLACED_AT_ONCE = 1_000;

/**
 * Replaces states, each if nobody else has since it was read, and publishes what changed. One command of each kind for
 * all of them, and few arguments: for every agent one would cost Redis, and the client, twice as much.
 *
 * KEYS[1] states, [2] due; ARGV[1] channel, [2] how many agents, then for each its id, its new state behind its new
 * revision (nothing behind it: to be dropped), and when it is due; then for some (number of the agent, event).
 * Output: for each 1, or 0 where somebody was faster.
 */
const REPLACE = `
local count = tonumber(ARGV[2])
local ids, outcomes, states, due = {}, {}, {}, {}
for n = 1, count do ids[n] = ARGV[3 * n] end
local known = redis.call('HMGET', KEYS[1], unpack(ids))
for n, id in ipairs(ids) do
  local state = ARGV[3 * n + 1]
  local read = string.format('%.0f ', string.match(state, '^%d+') - 1)
  if string.sub(known[n] or '0 ', 1, #read) ~= read then
    outcomes[n] = 0
  else
    outcomes[n] = 1
    if string.sub(state, -1) == ' ' then
      redis.call('HDEL', KEYS[1], id)
      redis.call('ZREM', KEYS[2], id)
    else
      states[#states + 1] = id
      states[#states + 1] = state
      due[#due + 1] = ARGV[3 * n + 2]
      due[#due + 1] = id
    end
  end
end
if #states > 0 then
  redis.call('HSET', KEYS[1], unpack(states))
  redis.call('ZADD', KEYS[2], unpack(due))
end
for i = 3 * count + 3, #ARGV, 2 do
  if outcomes[tonumber(ARGV[i])] == 1 then redis.call('PUBLISH', ARGV[1], ARGV[i + 1]) end
end
return outcomes`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    toplineReplaceAgentStates(
      states: string,
      due: string,
      ...args: (string | number)[]
    ): Result<number[], Context>;
  }
}

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
  /** Drops it if it began until then, also what is still to come of what was received until then. */
  forget(agentId: string, forgottenAtMs: number): Promise<void>;
}

/** Of a large fleet, so many are parsed before others have their turn: some ms. */
const PARSED_AT_ONCE = 2_000;

/** The channel on which changes are published, for a channel of snapshots. */
export function agentStateChannel(metricsChannel: string): string {
  return metricsChannel + CHANNEL_SUFFIX;
}

/** A published change; undefined for anything else. */
export function parseAgentStateEvent(text: string): AgentStateEvent | undefined {
  try {
    return agentStateEventSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

interface Read {
  agentId: string;
  revision: string;
  /** As it is stored. */
  text: string | undefined;
  state: StoredState | undefined;
}

/** What is to become of a state that was read. */
interface Decision {
  agentId: string;
  revision: string;
  /** As it is to be stored; undefined: it goes. */
  next: string | undefined;
  dueAt: number;
  event?: AgentStateEvent | undefined;
}

export interface AgentStateOptions {
  /** Of the snapshots: changes are published on one beside it. */
  channel: string;
  /** Least time between two looks, of whichever node. Default 900 ms: all nodes look every second. */
  lookEveryMs?: number;
}

export function createAgentStateStore(
  redis: Redis,
  { channel: metricsChannel, lookEveryMs = LOOK_EVERY_MS }: AgentStateOptions,
): AgentStateStore {
  redis.defineCommand('toplineReplaceAgentStates', { lua: REPLACE, numberOfKeys: 2 });
  const sharedLook = createSharedLook(redis, FLEET_LOOK_KEY, lookEveryMs);
  const channel = agentStateChannel(metricsChannel);

  async function read(agentIds: string[]): Promise<{ known: Read[]; nowMs: number }> {
    const [time, values] = await Promise.all([redis.time(), redis.hmget(STATES_KEY, ...agentIds)]);
    return { known: agentIds.map((agentId, i) => readOf(agentId, values[i] ?? null)), nowMs: toMs(time) };
  }

  /** Resolves to those that somebody else has changed meanwhile. */
  async function replace(decisions: Decision[]): Promise<Set<string>> {
    const lost = new Set<string>();
    for (let from = 0; from < decisions.length; from += REPLACED_AT_ONCE) {
      const some = decisions.slice(from, from + REPLACED_AT_ONCE);
      const values: (string | number)[] = [];
      const events: (string | number)[] = [];
      for (const [i, { agentId, revision, next = '', dueAt, event }] of some.entries()) {
        values.push(agentId, `${Number(revision) + 1} ${next}`, Math.ceil(dueAt));
        if (event !== undefined) events.push(i + 1, JSON.stringify(event));
      }
      const outcomes = await redis.toplineReplaceAgentStates(
        STATES_KEY,
        DUE_KEY,
        channel,
        some.length,
        ...values,
        ...events,
      );
      for (const [i, { agentId }] of some.entries()) if (outcomes[i] !== 1) lost.add(agentId);
    }
    return lost;
  }

  async function noteAll(observations: readonly AgentObservation[]): Promise<void> {
    let waiting = groupBy(observations, ({ agentId }) => agentId);
    for (let race = 0; race < MAX_RACES && waiting.size > 0; race += 1) {
      const { known, nowMs } = await read([...waiting.keys()]);
      const decisions = known.flatMap((one) => noted(one, waiting.get(one.agentId) ?? [], nowMs));
      const lost = await replace(decisions);
      waiting = new Map([...waiting].filter(([agentId]) => lost.has(agentId)));
    }
    // Twenty others have been told of it by now: the next report says it again.
  }

  async function judgeDue(hearing: Hearing): Promise<number> {
    let changed = 0;
    for (;;) {
      const due = await redis.zrangebyscore(DUE_KEY, '-inf', hearing.asOfMs, 'LIMIT', 0, DUE_AT_ONCE);
      if (due.length === 0) return changed;
      const { known } = await read(due);
      const decisions = known.map((one) => judged(one, hearing));
      // Whoever was faster has heard of it, or looks as well.
      const lost = await replace(decisions);
      changed += decisions.filter(({ agentId, event }) => event !== undefined && !lost.has(agentId)).length;
      if (due.length < DUE_AT_ONCE) return changed;
    }
  }

  return {
    note: gathering(noteAll),

    async look(lagMs) {
      const begun = await sharedLook.begin();
      if (begun === undefined) return undefined;
      return judgeDue({ asOfMs: begun.atMs - lagMs, sinceMs: begun.sinceMs });
    },

    async all() {
      // As the list it is: `hgetall` makes an object of it, with a property for each agent, for as much as all the rest.
      const [time, flat] = await Promise.all([
        redis.time(),
        redis.call('HGETALL', STATES_KEY) as Promise<string[]>,
      ]);
      const states = new Map<string, AgentState>();
      for (let i = 0; i + 1 < flat.length; i += 2) {
        if (i > 0 && i % (2 * PARSED_AT_ONCE) === 0) await nextTurn();
        const agentId = flat[i] ?? '';
        const { state } = readOf(agentId, flat[i + 1] ?? null);
        if (state !== undefined && !isForgotten(state)) states.set(agentId, state);
      }
      return { states, nowMs: toMs(time) };
    },

    async one(agentId) {
      const { known, nowMs } = await read([agentId]);
      const state = known[0]?.state;
      return { state: state === undefined || isForgotten(state) ? undefined : state, nowMs };
    },

    async forget(agentId, forgottenAtMs) {
      for (let race = 0; race < MAX_RACES; race += 1) {
        const { known } = await read([agentId]);
        const { revision = '0', state } = known[0] ?? {};
        const since =
          state === undefined ? 0 : isForgotten(state) ? state.forgottenAtMs : state.firstReceivedAtMs;
        if (since > forgottenAtMs) return;
        const next = { forgottenAtMs };
        const lost = await replace([{ agentId, revision, next: serialiseState(next), dueAt: dueAtMs(next) }]);
        if (lost.size === 0) return;
      }
      throw new Error(`the state of ${agentId} changed ${MAX_RACES} times while it was being forgotten`);
    },
  };
}

/** What a batch makes of a state; nothing where it leaves it as it is. */
function noted(
  { agentId, revision, text, state }: Read,
  observations: AgentObservation[],
  nowMs: number,
): Decision[] {
  const after = advance(state, observations, nowMs);
  if (after === undefined || after === state) return [];
  const next = serialiseState(after);
  if (next === text) return [];
  const dueAt = dueAtMs(after);
  if (isForgotten(after)) return [{ agentId, revision, next, dueAt }];
  const before = state === undefined || isForgotten(state) ? undefined : state.condition;
  const event = after.condition === before ? undefined : eventOf(agentId, after);
  return [{ agentId, revision, next, dueAt, event }];
}

/** What becomes of an agent that is due. */
function judged({ agentId, revision, state }: Read, hearing: Hearing): Decision {
  const isOver =
    state === undefined ||
    (isForgotten(state)
      ? dueAtMs(state) <= hearing.asOfMs
      : state.receivedAtMs + KEEP_SILENT_MS <= hearing.asOfMs);
  if (state === undefined || isOver) return { agentId, revision, next: undefined, dueAt: 0 };
  if (isForgotten(state)) return { agentId, revision, next: serialiseState(state), dueAt: dueAtMs(state) };
  const after = { ...state, condition: judge(state, hearing) };
  const event = after.condition === state.condition ? undefined : eventOf(agentId, after);
  return { agentId, revision, next: serialiseState(after), dueAt: dueAtMs(after, hearing.sinceMs), event };
}

function eventOf(agentId: string, { condition, receivedAtMs }: AgentState): AgentStateEvent {
  return { agent_id: agentId, state: condition, last_seen: Math.floor(receivedAtMs / 1000) };
}

function readOf(agentId: string, value: string | null): Read {
  const end = value?.indexOf(' ') ?? -1;
  if (value === null || end === -1) return { agentId, revision: '0', text: undefined, state: undefined };
  const text = value.slice(end + 1);
  return { agentId, revision: value.slice(0, end), text, state: parseState(text) };
}

function toMs([seconds, microseconds]: (string | number)[]): number {
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}

/** Does work one at a time: what comes meanwhile is done together, next. */
function gathering<Item>(
  work: (items: readonly Item[]) => Promise<void>,
): (items: readonly Item[]) => Promise<void> {
  let next: { items: Item[]; done: Promise<void> } | undefined;
  let last: Promise<void> = Promise.resolve();
  return function add(items) {
    if (next === undefined) {
      const gathered: Item[] = [];
      const doneBefore = last.catch(() => undefined);
      const done = doneBefore.then(() => {
        next = undefined;
        return work(gathered);
      });
      next = { items: gathered, done };
      last = done;
    }
    for (const item of items) next.items.push(item);
    return next.done;
  };
}
