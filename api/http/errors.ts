import {
  ConflictError,
  InvalidRequestError,
  NotFoundError,
  StaleVersionError,
  UnavailableError,
  type FieldFault,
} from '../../core/errors.ts';
import type { ApiMiddleware } from './context.ts';

/** An answer that is none of the domain's: its status is chosen where it is thrown, its message goes out. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  /** Seconds after which the same request is worth repeating; absent where repeating is pointless. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, message: string, retryAfterSeconds?: number) {
    super(message);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** What a client is told of an error. */
export interface ErrorAnswer {
  status: number;
  detail: string | FieldFault[];
  retryAfterSeconds?: number | undefined;
}

/** Titles of problem documents (RFC 9457), for clients that ask for them. */
const PROBLEM = 'application/problem+json';

/** The one place where an error becomes an answer: every one carries `detail`. */
export function errors(): ApiMiddleware {
  return async function answerErrors(ctx, next) {
    try {
      await next();
      if (ctx.status === 404 && ctx.body === undefined) throw new HttpError(404, 'Not Found');
      if (ctx.status === 405 && !ctx.body) throw new HttpError(405, 'Method Not Allowed');
      if (ctx.status === 501 && !ctx.body) throw new HttpError(405, 'Method Not Allowed');
    } catch (thrown) {
      const known = toAnswer(thrown);
      const answer = known ?? foreignAnswer(thrown);
      if (known === undefined && answer.status >= 500)
        ctx.state.log.error({ err: thrown }, 'a request failed unexpectedly');
      send(ctx, answer);
    }
  };
}

/** The answer that one of our own errors means; undefined for any other. */
export function toAnswer(thrown: unknown): ErrorAnswer | undefined {
  if (thrown instanceof InvalidRequestError) return { status: 422, detail: thrown.faults };
  if (thrown instanceof NotFoundError) return { status: 404, detail: thrown.message };
  if (thrown instanceof ConflictError) return { status: 409, detail: thrown.message };
  if (thrown instanceof StaleVersionError) return { status: 412, detail: thrown.message };
  if (thrown instanceof UnavailableError)
    return { status: 503, detail: thrown.message, retryAfterSeconds: thrown.retryAfterSeconds };
  if (thrown instanceof HttpError)
    return { status: thrown.status, detail: thrown.message, retryAfterSeconds: thrown.retryAfterSeconds };
  return undefined;
}

/** What Koa and its company throw has a status and says whether its message may go out. */
function foreignAnswer(thrown: unknown): ErrorAnswer {
  if (thrown instanceof Error && 'expose' in thrown && thrown.expose === true && 'status' in thrown)
    return { status: Number(thrown.status), detail: thrown.message };
  return { status: 500, detail: 'Internal Server Error' };
}

function send(ctx: Parameters<ApiMiddleware>[0], { status, detail, retryAfterSeconds }: ErrorAnswer): void {
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
