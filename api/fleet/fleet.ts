import { NotFoundError } from '../../core/errors.ts';
import { clockSkewSeconds } from '../../core/fleet/agentState.ts';
import type { Agent, AgentChanges } from '../../core/contracts/agents.ts';
import { JsonBytes } from '../../core/jsonBytes.ts';
import type { Queue } from '../../core/platform/queue.ts';
import type { KnownAgentStore } from '../../core/stores/redis/knownAgents.ts';
import type { AgentStateStore } from '../../core/stores/redis/agentStates.ts';
import type { AgentStore } from '../../core/stores/postgres/agents.ts';
import type { ListingStore } from '../../core/stores/redis/listings.ts';
import { orRedisUnavailable, REDIS_DEADLINE_MS } from '../http/redisUnavailable.ts';
import type { ClockOffset } from '../http/clockOffset.ts';
import { agentLine, agentLines, toAgent, writeAgent } from './agentLines.ts';
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
      const { state } = await lookUp(agentId);
      const untilReceivedMs = Date.now();
      const untilSharedMs = untilReceivedMs + clockOffset.ms();
      const skew = state === undefined ? 0 : clockSkewSeconds(state);
      const untilTimestamp = Math.floor(untilSharedMs / 1000) + skew;
      const task = { agentId, untilReceivedMs, untilSharedMs, untilTimestamp, begun: false };
      await ask(() => known.forget([agentId]));
      await ask(() => pruneQueue.add('forget', { forget: task }));
      // The work does this as well; here, so that whoever asked does not see it any more.
      await Promise.all([
        agents.forget(agentId, untilReceivedMs),
        ask(() => states.forget(agentId, untilSharedMs)),
      ]);
      await publishLabels();
    },
  };
}
