import { processEndpoints } from '../../core/contracts/endpoints/processes.ts';
import { processOf } from '../../core/history/figures.ts';
import { MAX_POINTS, nameOfStep } from '../../core/history/steps.ts';
import { countedName, mergeTotals, type ProcessTotals } from '../../core/rollup/processTotals.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { route, type Route } from '../http/route.ts';
import { agentBuckets } from './agentBuckets.ts';
import type { HistoryReads } from './reads.ts';
import { planQuery, rangeOf, stepOf, tooManyPoints, type QueryPlan } from './historyQuery.ts';

/** `GET /api/processes/history`: the plan of one process. */
export function processHistoryRoute({ history }: { history: HistoryReads | undefined }): Route {
  return route(processEndpoints.history, {
    access: 'reader',
    isCostly: true,
    async handle(request) {
      const reads = requireHistory(history);
      const { agent, name, step, ...texts } = request.query();
      const nowSeconds = Date.now() / 1000;
      const range = rangeOf(texts, nowSeconds);
      const asked = stepOf(step);
      return reads.answer(async () => {
        const coverage = reads.coverage(await reads.store.rolledUp(agent), nowSeconds);
        const plan = planQuery(range, asked, coverage);
        const steps = await stepsOf(reads, agent, countedName(name), plan);
        return {
          agent,
          name,
          ...plan.range,
          step: nameOfStep(plan.stepSeconds),
          tiers: plan.segments,
          points: [...steps]
            .sort(([a], [b]) => a - b)
            .map(([time, totals]) => ({ time, ...processOf(totals) })),
        };
      });
    },
  });
}

async function stepsOf(
  reads: HistoryReads,
  agentId: string,
  name: string,
  { range, stepSeconds, segments }: QueryPlan,
): Promise<Map<number, ProcessTotals>> {
  const steps = new Map<number, Map<string, ProcessTotals>>();
  for await (const buckets of agentBuckets(reads, agentId, segments, stepSeconds)) {
    for (const [start, read] of buckets) {
      const totals = read.bucket().processes.get(name);
      if (totals === undefined) continue;
      const step = Math.floor(start / stepSeconds) * stepSeconds;
      const target = steps.get(step) ?? new Map<string, ProcessTotals>();
      mergeTotals(target, name, totals);
      steps.set(step, target);
    }
    if (steps.size > MAX_POINTS) throw tooManyPoints(range);
  }
  return new Map(
    [...steps].flatMap(([step, target]) => [...target.values()].map((totals) => [step, totals] as const)),
  );
}
