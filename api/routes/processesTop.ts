import { z } from 'zod';
import { agentIdSchema } from '../../core/contracts/snapshot.ts';
import { cpuSecondsOf, processOf, shareOf, TOP_BY, topOf } from '../../core/history/figures.ts';
import { emptyBucket, mergeInto, type Bucket } from '../../core/rollup/bucket.ts';
import type { Segment } from '../../core/history/segments.ts';
import { agentBuckets } from '../history/agentBuckets.ts';
import { orDisabled, type HistoryReads } from '../history/reads.ts';
import { validate } from '../validation.ts';
import {
  fromSchema,
  HISTORY_REFUSALS,
  rangeOf,
  secondsSchema,
  sumOf,
  tiersSchema,
  toSchema,
} from './historyQuery.ts';
import { CPU_SECONDS_ESTIMATE, processFields } from './processFields.ts';
import type { Route } from './route.ts';

const querySchema = z.object({
  agent: agentIdSchema,
  from: fromSchema,
  to: toSchema,
  by: z
    .enum(TOP_BY)
    .default('cpu')
    .meta({ description: 'cpu: CPU seconds. memory: most memory at a time. io: MB read and written.' }),
  limit: z.coerce.number<string>().int().min(1).max(100).default(10).meta({ description: 'Most names.' }),
});

const answerSchema = z
  .object({
    agent: agentIdSchema,
    from: secondsSchema,
    to: secondsSchema,
    by: z.enum(TOP_BY),
    tiers: tiersSchema,
    samples: z.number().int().meta({ description: 'Snapshots in the range.' }),
    covered_seconds: z.number().meta({ description: 'How much of the range the snapshots stand for.' }),
    used_cpu_seconds: z.number().meta({ description: 'CPU time of all cores that was used in it.' }),
    processes: z.array(
      z.object({
        name: z.string(),
        ...processFields,
        share: z
          .number()
          .nullable()
          .meta({ description: 'Part of used_cpu_seconds; null where no snapshot names the cores.' }),
      }),
    ),
  })
  .meta({ id: 'TopProcesses' });

/** One bucket of a range may be as wide as it is. */
const WIDTH_SECONDS = 86_400;

/** `GET /api/processes/top`: who used the CPU, the memory, the disk. */
export function topProcessesRoute({ history }: { history: HistoryReads | undefined }): Route {
  return {
    method: 'get',
    path: '/api/processes/top',
    summary: 'Which processes used the most in a range, by name',
    description: CPU_SECONDS_ESTIMATE,
    tag: 'history',
    access: 'reader',
    query: querySchema,
    examples: {
      lastHour: { summary: 'The last hour of one host', query: { agent: 'web-01' } },
      lastWeek: {
        summary: 'The five that used the most memory in a week',
        query: { agent: 'web-01', from: '-7d', to: 'now', by: 'memory', limit: '5' },
      },
    },
    answers: {
      200: { description: 'Highest first', schema: answerSchema },
      ...HISTORY_REFUSALS,
    },
    async handle(ctx) {
      const reads = orDisabled(history);
      const { agent, by, limit, ...texts } = validate(querySchema, ctx.query, 'query');
      const nowSeconds = Date.now() / 1000;
      const asked = rangeOf(texts, nowSeconds);
      ctx.body = await reads.answer(async () => {
        const { range, segments } = sumOf(asked, await reads.coverage(nowSeconds));
        const bucket = await bucketOf(reads, agent, segments);
        const { samples, heldSeconds, busyUnits } = bucket;
        return {
          agent,
          ...range,
          by,
          tiers: segments,
          samples,
          covered_seconds: heldSeconds,
          used_cpu_seconds: cpuSecondsOf(busyUnits),
          processes: topOf(bucket.processes, by, limit).map(([name, totals]) => ({
            name,
            ...processOf(totals),
            share: shareOf(totals.cpuUnits, busyUnits),
          })),
        } satisfies z.output<typeof answerSchema>;
      });
    },
  };
}

async function bucketOf(reads: HistoryReads, agentId: string, segments: Segment[]): Promise<Bucket> {
  const sum = emptyBucket();
  for await (const buckets of agentBuckets(reads, agentId, segments, WIDTH_SECONDS))
    for (const { bucket } of buckets) mergeInto(sum, bucket);
  return sum;
}
