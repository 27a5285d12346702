import { historyEndpoints } from '../../core/contracts/endpoints/history.ts';
import type { FleetHistory, HostHistory } from '../../core/contracts/history.ts';
import { foldSteps } from '../../core/history/fold.ts';
import { writePoints } from '../../core/history/points.ts';
import { MAX_POINTS, nameOfStep } from '../../core/history/steps.ts';
import type { TimeRange } from '../../core/history/times.ts';
import type { AgentIds } from '../../core/stores/postgres/fleetHistory.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { route, type Route } from '../http/route.ts';
import { agentBuckets } from './agentBuckets.ts';
import { planFleetQuery, fleetPointOf } from './fleet.ts';
import type { HistoryReads } from './reads.ts';
import { planQuery, rangeOf, refuseTooMany, stepOf, tooManyPoints } from './historyQuery.ts';

/** `GET /api/metrics/history`: the plan of CPU and memory. */
export function metricsHistoryRoute({ history }: { history: HistoryReads | undefined }): Route {
  return route(historyEndpoints.metrics, {
    access: 'reader',
    isCostly: true,
    async handle(request) {
      const reads = requireHistory(history);
      const query = request.query();
      const nowSeconds = Date.now() / 1000;
      const asked = { range: rangeOf(query, nowSeconds), step: stepOf(query.step), nowSeconds };
      return reads.answer(async () => {
        const agents = await reads.agentsAsked(query);
        const [only, ...others] = agents ?? [];
        return only === undefined || others.length > 0
          ? fleetHistory(reads, agents, asked)
          : hostHistory(reads, only, asked, query.cores === 'true');
      });
    },
  });
}

interface Asked {
  range: TimeRange;
  /** Seconds. */
  step: number | undefined;
  nowSeconds: number;
}

/** As JSON. */
async function hostHistory(
  reads: HistoryReads,
  agent: string,
  { range, step, nowSeconds }: Asked,
  withCores: boolean,
): Promise<Buffer> {
  const coverage = reads.coverage(await reads.store.rolledUp(agent), nowSeconds);
  const plan = planQuery(range, step, coverage);
  const head = {
    agent,
    ...plan.range,
    step: nameOfStep(plan.stepSeconds),
    tiers: plan.segments,
  } satisfies Omit<HostHistory, 'points'>;
  const points = writePoints(head, withCores);
  const fold = foldSteps(plan.stepSeconds, (start, bucket) => points.add(start, bucket));
  for await (const buckets of agentBuckets(reads, agent, plan.segments, plan.stepSeconds)) {
    fold.add(buckets);
    if (points.count() > MAX_POINTS) throw tooManyPoints(plan.range);
  }
  fold.end();
  if (points.count() > MAX_POINTS) throw tooManyPoints(plan.range);
  return points.end();
}

async function fleetHistory(
  reads: HistoryReads,
  agents: AgentIds,
  { range, step, nowSeconds }: Asked,
): Promise<FleetHistory> {
  const rolledUp = await reads.store.fleetRolledUp();
  const plan = planFleetQuery(range, step, reads.coverage(rolledUp, nowSeconds), rolledUp);
  refuseTooMany(range, plan.stepSeconds);
  const { tier, ...covered } = plan.segment;
  const steps = await reads.fleet.stepsOf(agents, tier, covered, plan.stepSeconds);
  return {
    ...covered,
    step: nameOfStep(plan.stepSeconds),
    tiers: [plan.segment],
    until: plan.until,
    points: steps.map(fleetPointOf),
  };
}
