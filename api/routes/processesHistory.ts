import { z } from 'zod';
import { agentIdSchema, MAX_NAME_LENGTH } from '../../core/contracts/snapshot.ts';
import { processOf } from '../../core/history/figures.ts';
import { MAX_POINTS, nameOfStep } from '../../core/history/steps.ts';
import { countedName, mergeTotals, type ProcessTotals } from '../../core/rollup/processTotals.ts';
import { agentBuckets } from '../history/agentBuckets.ts';
import type { HistoryReads } from '../history/reads.ts';
import { requireHistory } from '../requireHistory.ts';
import { validate } from '../validation.ts';
import {
  courseOf,
  fromSchema,
  HISTORY_REFUSALS,
  rangeOf,
  secondsSchema,
  stepOf,
  stepSchema,
  tiersSchema,
  toSchema,
  tooManyPoints,
  type Course,
} from './historyQuery.ts';
import { CPU_SECONDS_ESTIMATE, processFields } from './processFields.ts';
import type { Route } from './route.ts';

export const nameSchema = z
  .string()
  .max(MAX_NAME_LENGTH)
  .meta({ description: 'Of the process.', example: 'node' });

const querySchema = z.object({
  agent: agentIdSchema,
  name: nameSchema,
  from: fromSchema,
  to: toSchema,
  step: stepSchema,
});

const answerSchema = z
  .object({
    agent: agentIdSchema,
    name: z.string(),
    from: secondsSchema,
    to: secondsSchema,
    step: z.string(),
    tiers: tiersSchema,
    points: z
      .array(z.object({ time: secondsSchema, ...processFields }))
      .meta({ description: 'Oldest first; a step in which no snapshot names it has none.' }),
  })
  .meta({ id: 'ProcessHistory' });

/** `GET /api/processes/history`: the course of one process. */
export function processHistoryRoute({ history }: { history: HistoryReads | undefined }): Route {
  return {
    method: 'get',
    path: '/api/processes/history',
    summary: 'CPU, memory and I/O of the processes of one name, over any range',
    description: CPU_SECONDS_ESTIMATE,
    tag: 'history',
    access: 'reader',
    query: querySchema,
    examples: {
      lastHour: { summary: 'The last hour', query: { agent: 'web-01', name: 'node' } },
      lastDay: {
        summary: 'A day, hour by hour',
        query: { agent: 'web-01', name: 'node', from: '-24h', to: 'now', step: '1h' },
      },
    },
    answers: {
      200: { description: 'What was measured', schema: answerSchema },
      ...HISTORY_REFUSALS,
    },
    async handle(ctx) {
      const reads = requireHistory(history);
      const { agent, name, step, ...texts } = validate(querySchema, ctx.query, 'query');
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
        } satisfies z.output<typeof answerSchema>;
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
    for (const { start, bucket } of buckets) {
      const totals = bucket.processes.get(name);
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
