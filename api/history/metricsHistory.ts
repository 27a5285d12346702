import {
  historyQuerySchema,
  historySchema,
  type FleetHistory,
  type HostHistory,
} from '../../core/contracts/history.ts';
import { foldSteps } from '../../core/history/fold.ts';
import { writePoints } from '../../core/history/points.ts';
import { MAX_POINTS, nameOfStep } from '../../core/history/steps.ts';
import type { TimeRange } from '../../core/history/times.ts';
import type { AgentIds } from '../../core/stores/postgres/fleetHistory.ts';
import { agentBuckets } from './agentBuckets.ts';
import { fleetCourseOf, fleetPointOf } from './fleet.ts';
import type { HistoryReads } from './reads.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { validate } from '../http/validation.ts';
import { courseOf, HISTORY_REFUSALS, rangeOf, refuseTooMany, stepOf, tooManyPoints } from './historyQuery.ts';
import type { Route } from '../http/route.ts';

/** `GET /api/metrics/history`: the course of CPU and memory. */
export function metricsHistoryRoute({ history }: { history: HistoryReads | undefined }): Route {
  return {
    method: 'get',
    path: '/api/metrics/history',
    summary: 'CPU and memory over any range, of one host or of many',
    description:
      'The range is made longer to whole steps since 1970 (UTC). p95 is exact on a grid: tenths of a point for CPU, 0.2 % ' +
      'for memory, rounded up. Of many hosts, steps are minutes at least, and whole hours in a range of more than six.',
    tag: 'history',
    access: 'reader',
    isCostly: true,
    query: historyQuerySchema,
    examples: {
      lastHour: { summary: 'The last hour of one host', query: { agent: 'web-01' } },
      lastDay: {
        summary: 'A day of it in steps of five minutes, core by core',
        query: { agent: 'web-01', from: '-24h', to: 'now', step: '5m', cores: 'true' },
      },
      fleet: { summary: 'All hosts together, hour by hour', query: { from: '-24h', to: 'now', step: '1h' } },
    },
    answers: {
      200: {
        description: 'Of one host, or of many together',
        schema: historySchema,
      },
      ...HISTORY_REFUSALS,
    },
    async handle(ctx) {
      const reads = requireHistory(history);
      const query = validate(historyQuerySchema, ctx.query, 'query');
      const nowSeconds = Date.now() / 1000;
      const asked = { range: rangeOf(query, nowSeconds), step: stepOf(query.step), nowSeconds };
      ctx.type = 'application/json';
      ctx.body = await reads.answer(async () => {
        const agents = await reads.agentsAsked(query);
        const [only, ...others] = agents ?? [];
        return only === undefined || others.length > 0
          ? JSON.stringify(await fleetHistory(reads, agents, asked))
          : hostHistory(reads, only, asked, query.cores === 'true');
      });
    },
  };
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
  const course = courseOf(range, step, coverage);
  const head = {
    agent,
    ...course.range,
    step: nameOfStep(course.stepSeconds),
    tiers: course.segments,
  } satisfies Omit<HostHistory, 'points'>;
  const points = writePoints(head, withCores);
  const fold = foldSteps(course.stepSeconds, (start, bucket) => points.add(start, bucket));
  for await (const buckets of agentBuckets(reads, agent, course.segments, course.stepSeconds)) {
    fold.add(buckets);
    if (points.count() > MAX_POINTS) throw tooManyPoints(course.range);
  }
  fold.end();
  if (points.count() > MAX_POINTS) throw tooManyPoints(course.range);
  return points.end();
}

async function fleetHistory(
  reads: HistoryReads,
  agents: AgentIds,
  { range, step, nowSeconds }: Asked,
): Promise<FleetHistory> {
  const rolledUp = await reads.store.fleetRolledUp();
  const course = fleetCourseOf(range, step, reads.coverage(rolledUp, nowSeconds), rolledUp);
  refuseTooMany(range, course.stepSeconds);
  const { tier, ...covered } = course.segment;
  const steps = await reads.fleet.stepsOf(agents, tier, covered, course.stepSeconds);
  return {
    ...covered,
    step: nameOfStep(course.stepSeconds),
    tiers: [course.segment],
    until: course.until,
    points: steps.map(fleetPointOf),
  };
}
