import { z } from 'zod';
import { healthSchema, type Health } from '../../core/contracts/health.ts';
import { UnavailableError } from '../../core/errors.ts';
import type { Metrics } from '../../core/platform/metrics.ts';
import type { Route } from '../http/route.ts';

const readySchema = z.object({ status: z.literal('ready') }).meta({ id: 'Ready' });
const liveSchema = z.object({ status: z.literal('alive') }).meta({ id: 'Alive' });

export interface HealthOptions {
  health(): Promise<Health>;
  /** Resolves when a snapshot could be taken now; throws otherwise. */
  ready(): Promise<void>;
  metrics: Metrics;
}

/** What probes, scrapers and people ask about the service itself. */
export function healthRoutes({ health, ready, metrics }: HealthOptions): Route[] {
  return [
    {
      method: 'get',
      path: '/health',
      summary: 'Connection to each store; always 200',
      tag: 'operations',
      access: 'open',
      answers: {
        200: {
          description: 'ok, or degraded where a configured store is out of reach',
          schema: healthSchema,
        },
      },
      async handle(ctx) {
        ctx.body = await health();
      },
    },
    {
      method: 'get',
      path: '/livez',
      summary: 'Whether the process runs; asks nothing outside',
      tag: 'operations',
      access: 'open',
      answers: { 200: { description: 'It does', schema: liveSchema } },
      async handle(ctx) {
        ctx.body = { status: 'alive' } satisfies z.output<typeof liveSchema>;
      },
    },
    {
      method: 'get',
      path: '/readyz',
      summary: 'Whether a snapshot would be taken now: writes to Redis',
      tag: 'operations',
      access: 'open',
      answers: {
        200: { description: 'Ready', schema: readySchema },
        503: { description: 'Starting, draining, or Redis does not take a write' },
      },
      async handle(ctx) {
        await ready();
        ctx.body = { status: 'ready' } satisfies z.output<typeof readySchema>;
      },
    },
    {
      method: 'get',
      path: '/metrics',
      summary: 'Metrics of this process and of the queues, for Prometheus',
      tag: 'operations',
      access: 'reader',
      answers: { 200: { description: 'Prometheus text format', contentType: 'text/plain' } },
      async handle(ctx) {
        const { contentType, body } = await metrics.page();
        ctx.set('Content-Type', contentType);
        ctx.body = body;
      },
    },
  ];
}

/** Fails readiness while the process is stopping, and where Redis does not take a write. */
export function createReadiness(stopping: () => boolean, write: () => Promise<unknown>): () => Promise<void> {
  return async function ready() {
    if (stopping()) throw new UnavailableError('Shutting down', { retryAfterSeconds: 1 });
    try {
      await write();
    } catch (error) {
      throw new UnavailableError('Redis unavailable: it does not take a write', { cause: error });
    }
  };
}
