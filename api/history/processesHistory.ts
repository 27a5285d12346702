import type { z } from 'zod';
import {
  CPU_SECONDS_ESTIMATE,
  processHistoryQuerySchema,
  processHistorySchema,
} from '../../core/contracts/processes.ts';
import { processOf } from '../../core/history/figures.ts';
import { MAX_POINTS, nameOfStep } from '../../core/history/steps.ts';
import { countedName, mergeTotals, type ProcessTotals } from '../../core/rollup/processTotals.ts';
import { agentBuckets } from './agentBuckets.ts';
import type { HistoryReads } from './reads.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { validate } from '../http/validation.ts';
import { courseOf, HISTORY_REFUSALS, rangeOf, stepOf, tooManyPoints, type Course } from './historyQuery.ts';
import type { Route } from '../http/route.ts';

/** `GET /api/processes/history`: the course of one process. */
export function processHistoryRoute({ history }: { history: HistoryReads | undefined }): Route {
  return {
    method: 'get',
    path: '/api/processes/history',
    summary: 'CPU, memory and I/O of the processes of one name, over any range',
    description: CPU_SECONDS_ESTIMATE,
    tag: 'history',
    access: 'reader',
    isCostly: true,
    query: processHistoryQuerySchema,
    examples: {
      lastHour: { summary: 'The last hour', query: { agent: 'web-01', name: 'node' } },
      lastDay: {
        summary: 'A day, hour by hour',
        query: { agent: 'web-01', name: 'node', from: '-24h', to: 'now', step: '1h' },
      },
    },
    answers: {
      200: { description: 'What was measured', schema: processHistorySchema },
      ...HISTORY_REFUSALS,
    },
    async handle(ctx) {
      const reads = requireHistory(history);
      const { agent, name, step, ...texts } = validate(processHistoryQuerySchema, ctx.query, 'query');
      const nowSeconds = Date.now() / 1000;
      const range = rangeOf(texts, nowSeconds);
      const asked = stepOf(step);
      ctx.body = await reads.answer(async () => {
        const coverage = reads.coverage(await reads.store.rolledUp(agent), nowSeconds);
        const course = courseOf(range, asked, coverage);
        const steps = await stepsOf(reads, agent, countedName(name), course);
        return {
          agent,
          name,
          ...course.range,
          step: nameOfStep(course.stepSeconds),
          tiers: course.segments,
          points: [...steps]
            .sort(([a], [b]) => a - b)
            .map(([time, totals]) => ({ time, ...processOf(totals) })),
        } satisfies z.output<typeof processHistorySchema>;
      });
    },
  };
}

async function stepsOf(
  reads: HistoryReads,
  agentId: string,
  name: string,
  { range, stepSeconds, segments }: Course,
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
