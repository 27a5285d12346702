import { randomUUID } from 'node:crypto';
import type { ApiMiddleware } from './context.ts';
import type { HttpMetrics } from './httpMetrics.ts';
import { RequestState, type RequestStateOptions } from './requestState.ts';

/** A request id of the caller's is kept if it can stand in a header and a log line. */
const USABLE_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** Asked for every few seconds by machines: a line for each success would bury everything else. */
const QUIET = new Set(['/livez', '/readyz', '/health', '/metrics', '/ingest/metrics']);

/** Gives every request its state; counts, times and logs it when it is answered. */
export function requestLog(options: RequestStateOptions & { metrics: HttpMetrics }): ApiMiddleware {
  const { metrics } = options;
  return async function logRequest(ctx, next) {
    const startedAt = performance.now();
    const given = ctx.req.headers['x-request-id'];
    const requestId = typeof given === 'string' && USABLE_ID.test(given) ? given : randomUUID();
    ctx.set('X-Request-Id', requestId);
    const state = new RequestState(requestId, ctx.req, options);
    ctx.state = state;
    try {
      await next();
    } finally {
      const seconds = (performance.now() - startedAt) / 1000;
      // The pattern, not the path: a label for each path anybody asks for would fill the memory.
      const route = typeof ctx['_matchedRoute'] === 'string' ? ctx['_matchedRoute'] : 'other';
      metrics.answered(ctx.method, route, ctx.status, seconds);
      if (ctx.status >= 500 || !(QUIET.has(ctx.path) && ctx.status < 400)) {
        const line = {
          method: ctx.method,
          path: ctx.path,
          status: ctx.status,
          ms: Math.round(seconds * 1000),
          address: state.address,
        };
        state.log[ctx.status >= 500 ? 'warn' : 'info'](line, 'request');
      }
    }
  };
}
