import { STAGES } from '../../core/contracts/queues.ts';
import { INGEST_WINDOW_SECONDS } from '../../core/contracts/operations.ts';
import type { Config } from '../../core/config.ts';
import { createKnownAgentStore } from '../../core/stores/redis/knownAgents.ts';
import type { ApiNode } from '../http/node.ts';
import { createArrivalRate } from '../http/rate.ts';
import { LIMIT_WINDOW_MS, type IngestOptions } from './agentRequest.ts';
import { startBackpressure } from './backlog.ts';
import { createInFlight } from './inFlight.ts';
import { createIntake } from './intake.ts';
import { createNewAgents, type NewAgents } from './newAgents.ts';
import { createRateLimiter } from './rateLimiter.ts';

/** What other rooms ask of it beside its routes. */
export interface Ingest extends IngestOptions {
  /** Why snapshots are being refused; undefined while they are taken. */
  refusal(): string | undefined;
  /** Snapshots a second, on the mean of the last while. */
  perSecond(): number;
  /** Whether so many snapshots are in flight that other work should wait for them. */
  isBusy(): boolean;
}

export function openIngest(node: ApiNode): Ingest {
  const { config, lifecycle, queues, httpMetrics, clockOffset } = node;
  const stages = STAGES.filter((stage) => stage !== 'persist' || config.postgres.dsn !== '');
  const backpressure = startBackpressure(
    node,
    stages.map((stage) => queues[stage]),
  );
  const inFlight = createInFlight();
  const arrivals = createArrivalRate(INGEST_WINDOW_SECONDS, performance.now());
  const intake = createIntake({
    checkBackpressure: backpressure.check,
    sharedOffsetMs: clockOffset.ms,
    queues: Object.fromEntries(stages.map((stage) => [stage, queues[stage]])),
    observe: ({ size, seconds }) => {
      inFlight.enqueued(size, seconds);
      arrivals.add(size, performance.now());
      httpMetrics.batchSize.observe(size);
      httpMetrics.enqueue.observe(seconds);
    },
  });
  lifecycle.defer('intake', intake.close);
  const { ratePerMinute, identity } = config.agents;
  const limit = { limit: ratePerMinute, windowMs: LIMIT_WINDOW_MS };
  return {
    intake,
    clock: node.clock,
    rateLimiter: ratePerMinute > 0 ? createRateLimiter(node.rateLimits, limit) : undefined,
    newAgents: openNewAgents(node),
    ratePerMinute,
    identity,
    keptSeconds: keptSecondsOf(config),
    refusal: backpressure.refusal,
    perSecond: () => arrivals.perSecond(performance.now()),
    isBusy: inFlight.isMany,
  };
}

function openNewAgents({ config, metrics, redis, rateLimits }: ApiNode): NewAgents | undefined {
  const { newPerMinute: perMinute, most } = config.agents;
  const known = createKnownAgentStore(redis);
  metrics.gauge('topline_agents', 'Agents heard of within a week, by all nodes.', [], async (gauge) => {
    const count = await known.count().catch(() => undefined);
    // While Redis is away there is no figure.
    if (count === undefined) gauge.reset();
    else gauge.set(count);
  });
  const outcomes = metrics.counter('topline_new_agents_total', 'New agents that reported.', ['outcome']);
  if (perMinute <= 0 && most <= 0) return undefined;
  return createNewAgents({
    known,
    rateLimits,
    perMinute,
    most,
    onNew: (outcome) => outcomes.inc({ outcome }),
  });
}

function keptSecondsOf({ postgres, timeline }: Config): number {
  if (postgres.dsn === '') return timeline.retentionSeconds;
  return postgres.retentionDays > 0 ? postgres.retentionDays * 86_400 : Infinity;
}
