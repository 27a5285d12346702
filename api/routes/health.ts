import { z } from 'zod';
import { UnavailableError } from '../../core/errors.ts';
import type { Metrics } from '../../core/platform/metrics.ts';
import type { Route } from './route.ts';

const healthSchema = z
  .object({
    status: z.enum(['ok', 'degraded']),
    redis: z.enum(['connected', 'disconnected']),
    postgres: z.enum(['connected', 'disconnected', 'disabled']),
    warnings: z.array(z.string()).meta({
      description: 'Settings that put acknowledged snapshots at risk, and why snapshots are refused.',
    }),
    upgrade: z
      .object({
        state: z.enum(['moving', 'finished']),
        rows_left: z.number().int().nonnegative().optional(),
        percent: z.number().int().min(0).max(100).optional(),
        rows_refused: z.number().int().nonnegative().meta({
          description: 'Rows that are no snapshots, kept as they were and shown in the view.',
        }),
        obstacle: z.string().optional().meta({ description: 'Why it does not go on.' }),
      })
      .optional()
      .meta({
        description:
          'How far the rows of the service before are moved into the history, by estimate; only while there is something to tell.',
      }),
  })
  .meta({ id: 'Health' });

export type Health = z.output<typeof healthSchema>;

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
