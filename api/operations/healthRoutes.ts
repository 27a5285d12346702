import { operationEndpoints } from '../../core/contracts/endpoints/operations.ts';
import type { Health } from '../../core/contracts/health.ts';
import { UnavailableError } from '../../core/errors.ts';
import type { Metrics } from '../../core/platform/metrics.ts';
import { route, type Route } from '../http/route.ts';

export interface HealthOptions {
  health(): Promise<Health>;
  /** Resolves when a snapshot could be taken now; throws otherwise. */
  ready(): Promise<void>;
  metrics: Metrics;
}

/** What probes, scrapers and people ask about the service itself. */
export function healthRoutes({ health, ready, metrics }: HealthOptions): Route[] {
  return [
    route(operationEndpoints.health, {
      access: 'open',
      handle: () => health(),
    }),
    route(operationEndpoints.live, {
      access: 'open',
      handle: async () => ({ status: 'alive' as const }),
    }),
    route(operationEndpoints.ready, {
      access: 'open',
      async handle() {
        await ready();
        return { status: 'ready' as const };
      },
    }),
    route(operationEndpoints.metrics, {
      access: 'reader',
      async handle(_, ctx) {
        const { contentType, body } = await metrics.page();
        ctx.set('Content-Type', contentType);
        ctx.body = body;
      },
    }),
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
