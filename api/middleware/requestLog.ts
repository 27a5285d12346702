import { randomUUID } from 'node:crypto';
import type { Logger } from '../../core/platform/logger.ts';
import { clientAddress } from '../clientAddress.ts';
import type { ApiMiddleware } from '../context.ts';
import type { HttpMetrics } from '../httpMetrics.ts';

/** A request id of the caller's is kept if it can stand in a header and a log line. */
const USABLE_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** Asked for every few seconds by machines: a line for each success would bury everything else. */
const QUIET = new Set(['/livez', '/readyz', '/health', '/metrics', '/ingest/metrics']);

/** Gives every request an id, an address and a logger; counts, times and logs it when it is answered. */
export function requestLog({
  log,
  metrics,
  trustedHops,
}: {
  log: Logger;
  metrics: HttpMetrics;
  trustedHops: number;
}): ApiMiddleware {
  return async function logRequest(ctx, next) {
    const startedAt = performance.now();
    const given = ctx.get('x-request-id');
    const requestId = USABLE_ID.test(given) ? given : randomUUID();
    ctx.set('X-Request-Id', requestId);
    ctx.state.requestId = requestId;
    ctx.state.log = log.child({ requestId });
    ctx.state.address = clientAddress(
      ctx.req.socket.remoteAddress,
      ctx.req.headers['x-forwarded-for'],
      trustedHops,
    );
    try {
      await next();
    } finally {
      const seconds = (performance.now() - startedAt) / 1000;
      // The pattern, not the path: a label for each path anybody asks for would fill the memory.
      const route = typeof ctx['_matchedRoute'] === 'string' ? ctx['_matchedRoute'] : 'other';
      metrics.requests.inc({ method: ctx.method, route, status: String(ctx.status) });
      metrics.duration.observe({ route }, seconds);
      if (ctx.status >= 500 || !(QUIET.has(ctx.path) && ctx.status < 400)) {
        const line = {
          method: ctx.method,
          path: ctx.path,
          status: ctx.status,
          ms: Math.round(seconds * 1000),
          address: ctx.state.address,
        };
        ctx.state.log[ctx.status >= 500 ? 'warn' : 'info'](line, 'request');
      }
    }
  };
}
