import { processEndpoints } from '../../core/contracts/endpoints/processes.ts';
import type { TopBy } from '../../core/contracts/historyTerms.ts';
import type { TopProcesses } from '../../core/contracts/processes.ts';
import { cpuSecondsOf, processOf, shareOf, topOf } from '../../core/history/figures.ts';
import type { Segment } from '../../core/history/segments.ts';
import type { TimeRange } from '../../core/history/times.ts';
import { emptyBucket, mergeInto, type Bucket } from '../../core/rollup/bucket.ts';
import type { AgentIds, FleetUse } from '../../core/stores/postgres/fleetHistory.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { route, type Route } from '../http/route.ts';
import { agentBuckets } from './agentBuckets.ts';
import { planFleetSum, fleetTopOf } from './fleet.ts';
import type { HistoryReads } from './reads.ts';
import { rangeOf, planSum } from './historyQuery.ts';

/** One bucket of a range may be as wide as it is. */
const WIDTH_SECONDS = 86_400;

/** `GET /api/processes/top`: who used the CPU, the memory, the disk. */
export function topProcessesRoute({ history }: { history: HistoryReads | undefined }): Route {
  return route(processEndpoints.top, {
    access: 'reader',
    isCostly: true,
    async handle(request) {
      const reads = requireHistory(history);
      const query = request.query();
      const nowSeconds = Date.now() / 1000;
      const asked = { ...query, range: rangeOf(query, nowSeconds), nowSeconds };
      return reads.answer(async () => {
        const agents = await reads.agentsAsked(query);
        const [only, ...others] = agents ?? [];
        return only === undefined || others.length > 0
          ? fleetTop(reads, agents, asked)
          : hostTop(reads, only, asked);
      });
    },
  });
}

interface Asked {
  range: TimeRange;
  by: TopBy;
  limit: number;
  nowSeconds: number;
}

async function hostTop(
  reads: HistoryReads,
  agent: string,
  { range: asked, by, limit, nowSeconds }: Asked,
): Promise<TopProcesses> {
  const { range, segments } = planSum(asked, reads.coverage(await reads.store.rolledUp(agent), nowSeconds));
  const bucket = await bucketOf(reads, agent, segments);
  return {
    agent,
    ...range,
    by,
    tiers: segments,
    ...useFields(bucket),
    processes: topOf(bucket.processes, by, limit).map(([name, totals]) => ({
      name,
      ...processOf(totals),
      share: shareOf(totals.cpuUnits, bucket.busyUnits),
    })),
  };
}

async function bucketOf(reads: HistoryReads, agentId: string, segments: Segment[]): Promise<Bucket> {
  const sum = emptyBucket();
  for await (const buckets of agentBuckets(reads, agentId, segments, WIDTH_SECONDS))
    for (const [, read] of buckets) mergeInto(sum, read.bucket());
  return sum;
}

async function fleetTop(
  reads: HistoryReads,
  agents: AgentIds,
  { range, by, limit, nowSeconds }: Asked,
): Promise<TopProcesses> {
  const rolledUp = await reads.store.fleetRolledUp();
  const { segment, until } = planFleetSum(range, reads.coverage(rolledUp, nowSeconds), rolledUp);
  const { use, processes } = await fleetTopOf(reads.fleet, agents, segment, by, limit);
  return {
    from: segment.from,
    to: segment.to,
    by,
    tiers: [segment],
    until,
    hosts: use.hosts,
    ...useFields(use),
    processes: processes.map(({ name, totals, hosts }) => ({
      name,
      ...processOf(totals),
      share: shareOf(totals.cpuUnits, use.busyUnits),
      hosts,
    })),
  };
}

function useFields({ samples, heldSeconds, busyUnits }: Omit<FleetUse, 'hosts'>) {
  return { samples, covered_seconds: heldSeconds, used_cpu_seconds: cpuSecondsOf(busyUnits) };
}
