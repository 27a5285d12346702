import { NotFoundError } from '../../core/errors.ts';
import { clockSkewSeconds } from '../../core/fleet/agentState.ts';
import type { Agent, AgentChanges } from '../../core/contracts/agents.ts';
import type { ForgetTask } from '../../core/contracts/queues.ts';
import { JsonBytes } from '../../core/jsonBytes.ts';
import type { Queue } from '../../core/platform/queue.ts';
import type { KnownAgentStore } from '../../core/stores/redis/knownAgents.ts';
import type { AgentStateStore } from '../../core/stores/redis/agentStates.ts';
import type { AgentStore } from '../../core/stores/postgres/agents.ts';
import type { ListingStore } from '../../core/stores/redis/listings.ts';
import { orRedisUnavailable, REDIS_DEADLINE_MS } from '../http/redisUnavailable.ts';
import type { ClockOffset } from '../http/clockOffset.ts';
import { agentLine, agentLines, toAgent, writeAgent, type AgentLine } from './agentLines.ts';
import { matches, sortLines, type AgentFilter } from './agentOrder.ts';
import { listAgents, type AgentQuery } from './listAgents.ts';
import { nextFlight } from '../../core/singleFlight.ts';

export interface FleetOptions {
  agents: AgentStore;
  states: AgentStateStore;
  listings: ListingStore;
  known: Pick<KnownAgentStore, 'forget'>;
  /** Where the work of forgetting is put down. */
  pruneQueue: Queue;
  clockOffset: ClockOffset;
  /** Lets alert rules know what operators say of agents; never rejects. */
  publishLabels(): Promise<void>;
}

/** What the fleet's routes do, each with an UnavailableError where a store is away. */
export interface Fleet {
  /** A page of agents as JSON: what a line is made of is then gone before the next one is made. */
  list(query: AgentQuery): Promise<Buffer>;
  /** @throws {NotFoundError} */
  find(agentId: string): Promise<Agent>;
  /** @throws {NotFoundError} */
  change(agentId: string, changes: AgentChanges): Promise<Agent>;
  /** Begins to forget it. @throws {NotFoundError} */
  forget(agentId: string): Promise<void>;
  /** Begins to forget those that match, the longest silent ones first; and tells how many match. */
  forgetMany(choice: ForgetChoice): Promise<{ agentIds: string[]; matching: number }>;
}

/** Which agents are to be forgotten. */
export interface ForgetChoice {
  filter: AgentFilter;
  /** Since when nothing may have been heard of them. */
  olderThanSeconds: number;
  /** Most at a time. */
  limit: number;
  /** They are only told, and stay. */
  isTrial: boolean;
}

export function createFleet({
  agents,
  states,
  listings,
  known,
  pruneQueue,
  clockOffset,
  publishLabels,
}: FleetOptions): Fleet {
  const ask = <T>(work: () => Promise<T>) => orRedisUnavailable(work, REDIS_DEADLINE_MS);

  async function lookUp(agentId: string) {
    const [record, { state, nowMs }] = await Promise.all([
      agents.find(agentId),
      ask(() => states.one(agentId)),
    ]);
    const line = agentLine(agentId, record, state);
    if (line === undefined) throw new NotFoundError(`No agent ${agentId} has reported`);
    return { line, state, nowMs };
  }

  async function forgetLines(lines: readonly AgentLine[]): Promise<void> {
    const ids = lines.map(({ id }) => id);
    const untilReceivedMs = Date.now();
    const untilSharedMs = untilReceivedMs + clockOffset.ms();
    const tasks = lines.map(({ id, state }): ForgetTask => {
      const skew = state === undefined ? 0 : clockSkewSeconds(state);
      const untilTimestamp = Math.floor(untilSharedMs / 1000) + skew;
      return { agentId: id, untilReceivedMs, untilSharedMs, untilTimestamp, begun: false };
    });
    await ask(() => known.forget(ids));
    await ask(() => pruneQueue.addBulk(tasks.map((forget) => ({ name: 'forget', data: { forget } }))));
    // The work does this as well; here, so that whoever asked does not see them any more.
    await Promise.all([agents.forget(ids, untilReceivedMs), ask(() => states.forget(ids, untilSharedMs))]);
    await publishLabels();
  }

  const readAll = nextFlight(async () => {
    const [records, { states: all, nowMs }] = await Promise.all([agents.list(), ask(() => states.all())]);
    return { lines: agentLines(records, all), nowMs };
  });

  return {
    async list(query) {
      const fleet = await readAll();
      const { lines, nextCursor } = await listAgents(fleet.lines, query, {
        keep: (ids) => ask(() => listings.keep(ids)),
        read: (number) => ask(() => listings.read(number)),
      });
      const json = new JsonBytes();
      json.ascii('{"agents":');
      json.list(lines, (line) => writeAgent(json, line, fleet.nowMs / 1000));
      json.ascii(',"next_cursor":');
      json.value(nextCursor ?? null);
      json.ascii('}');
      return json.taken();
    },

    async find(agentId) {
      const { line, nowMs } = await lookUp(agentId);
      return toAgent(line, nowMs / 1000);
    },

    async change(agentId, changes) {
      const { line, state, nowMs } = await lookUp(agentId);
      const record = await agents.change(agentId, changes, line.firstSeen * 1000);
      if (changes.labels !== undefined) await publishLabels();
      return toAgent(agentLine(agentId, record, state) ?? line, nowMs / 1000);
    },

    async forget(agentId) {
      const { line } = await lookUp(agentId);
      await forgetLines([line]);
    },

    async forgetMany({ filter, olderThanSeconds, limit, isTrial }) {
      const { lines, nowMs } = await readAll();
      const before = nowMs / 1000 - olderThanSeconds;
      const matching = lines.filter((line) => line.lastSeen <= before && matches(line, filter));
      const chosen = sortLines(matching, 'last_seen', 'asc').slice(0, limit);
      if (!isTrial && chosen.length > 0) await forgetLines(chosen);
      return { agentIds: chosen.map(({ id }) => id), matching: matching.length };
    },
  };
}
