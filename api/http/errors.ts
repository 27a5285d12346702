import { ServiceError, type FieldFault } from '../../core/errors.ts';
import type { ApiMiddleware } from './context.ts';

/** Titles of problem documents (RFC 9457), for clients that ask for them. */
const PROBLEM = 'application/problem+json';

/** The one place where an error becomes an answer: every one carries `detail`. */
export function errors(): ApiMiddleware {
  return async function answerErrors(ctx, next) {
    try {
      await next();
      if (ctx.status === 404 && ctx.body === undefined) throw new ServiceError(404, 'Not Found');
      if (ctx.status === 405 && !ctx.body) throw new ServiceError(405, 'Method Not Allowed');
      if (ctx.status === 501 && !ctx.body) throw new ServiceError(405, 'Method Not Allowed');
    } catch (thrown) {
      const error = asServiceError(thrown);
      if (error.status >= 500 && !(thrown instanceof ServiceError)) {
        ctx.state.log.error({ err: thrown }, 'a request failed unexpectedly');
      }
      answer(ctx, error);
    }
  };
}

function answer(
  ctx: Parameters<ApiMiddleware>[0],
  { status, detail, retryAfterSeconds }: ServiceError,
): void {
  ctx.status = status;
  if (retryAfterSeconds !== undefined) ctx.set('Retry-After', String(retryAfterSeconds));
  if (ctx.accepts('application/json', PROBLEM) === PROBLEM) {
    ctx.body = JSON.stringify(problem(status, detail));
    ctx.type = PROBLEM;
    return;
  }
  ctx.body = { detail };
}

function problem(status: number, detail: string | FieldFault[]) {
  return typeof detail === 'string'
    ? { status, title: detail, detail }
    : { status, title: 'Invalid request', errors: detail };
}

/** What Koa and its company throw has a status and says whether its message may go out. */
function asServiceError(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  if (thrown instanceof Error && 'expose' in thrown && thrown.expose === true && 'status' in thrown) {
    return new ServiceError(Number(thrown.status), thrown.message);
  }
  return new ServiceError(500, 'Internal Server Error');
}
