import { z } from 'zod';
import { agentIdSchema } from '../../core/contracts/snapshot.ts';
import { foldInto } from '../../core/history/fold.ts';
import { pointOf } from '../../core/history/figures.ts';
import { MAX_POINTS, nameOfStep } from '../../core/history/steps.ts';
import type { Bucket } from '../../core/rollup/bucket.ts';
import { agentBuckets } from '../history/agentBuckets.ts';
import { orDisabled, type HistoryReads } from '../history/reads.ts';
import { validate } from '../validation.ts';
import {
  courseOf,
  fromSchema,
  HISTORY_REFUSALS,
  rangeOf,
  secondsSchema,
  stepSchema,
  tiersSchema,
  toSchema,
  tooManyPoints,
  type Course,
} from './historyQuery.ts';
import type { Route } from './route.ts';

const querySchema = z.object({
  agent: agentIdSchema,
  from: fromSchema,
  to: toSchema,
  step: stepSchema,
  cores: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'Whether each point has the cores, too.' }),
});

const spread = { avg: z.number(), min: z.number(), max: z.number(), p95: z.number() };

const pointSchema = z
  .object({
    time: secondsSchema.meta({ description: 'Epoch seconds at which the step begins.' }),
    samples: z.number().int().meta({ description: 'Snapshots in it.' }),
    cpu: z.object(spread).meta({ description: 'Percent of all cores.' }),
    memory: z.object({ ...spread, total: z.number() }).meta({ description: 'MB used, and MB there are.' }),
    top_process: z
      .object({ name: z.string(), cpu_seconds: z.number() })
      .nullable()
      .meta({ description: 'What took the most CPU time.' }),
    cores: z
      .array(z.object({ avg: z.number(), max: z.number() }))
      .optional()
      .meta({ description: 'Percent of each core.' }),
  })
  .meta({ id: 'HistoryPoint' });

const answerSchema = z
  .object({
    agent: agentIdSchema,
    from: secondsSchema,
    to: secondsSchema,
    step: z
      .string()
      .meta({ description: 'The step used; a coarser one than was asked for where only that is kept.' }),
    tiers: tiersSchema,
    points: z.array(pointSchema).meta({ description: 'Oldest first; a step without a snapshot has none.' }),
  })
  .meta({ id: 'History' });

/** `GET /api/metrics/history`: the course of CPU and memory. */
export function metricsHistoryRoute({ history }: { history: HistoryReads | undefined }): Route {
  return {
    method: 'get',
    path: '/api/metrics/history',
    summary: 'CPU and memory over any range',
    description:
      'The range is made longer to whole steps since 1970 (UTC). p95 is exact on a grid: tenths of a point for CPU, 0.2 % ' +
      'for memory, rounded up.',
    tag: 'history',
    access: 'reader',
    query: querySchema,
    examples: {
      lastHour: { summary: 'The last hour of one host', query: { agent: 'web-01' } },
      lastDay: {
        summary: 'A day in steps of five minutes, core by core',
        query: { agent: 'web-01', from: '-24h', to: 'now', step: '5m', cores: 'true' },
      },
    },
    answers: {
      200: { description: 'What was measured', schema: answerSchema },
      ...HISTORY_REFUSALS,
    },
    async handle(ctx) {
      const reads = orDisabled(history);
      const { agent, step, cores, ...texts } = validate(querySchema, ctx.query, 'query');
      const nowSeconds = Date.now() / 1000;
      const range = rangeOf(texts, nowSeconds);
      ctx.body = await reads.answer(async () => {
        const course = courseOf(range, step, await reads.coverage(nowSeconds));
        const steps = await stepsOf(reads, agent, course);
        const points = [...steps]
          .sort(([a], [b]) => a - b)
          .map(([time, bucket]) => pointOf(time, bucket, cores === 'true'));
        return {
          agent,
          ...course.range,
          step: nameOfStep(course.stepSeconds),
          tiers: course.segments,
          points,
        } satisfies z.output<typeof answerSchema>;
      });
    },
  };
}

async function stepsOf(
  reads: HistoryReads,
  agentId: string,
  { range, stepSeconds, segments }: Course,
): Promise<Map<number, Bucket>> {
  const steps = new Map<number, Bucket>();
  for await (const buckets of agentBuckets(reads, agentId, segments, stepSeconds)) {
    foldInto(steps, buckets, stepSeconds);
    if (steps.size > MAX_POINTS) throw tooManyPoints(range);
  }
  return steps;
}
