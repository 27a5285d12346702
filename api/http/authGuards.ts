import { HttpError } from './errors.ts';
import type { Access } from './auth.ts';
import type { ApiMiddleware } from './context.ts';
import { orRedisUnavailable, REDIS_DEADLINE_MS } from './redisUnavailable.ts';

/** Lets pass whoever may read. */
export function requireReader(access: Access): ApiMiddleware {
  return async function guardReads(ctx, next) {
    if (!access.mayRead(ctx.state.role))
      throw unauthorized('Sign in, or send the viewer token: Authorization: Bearer …');
    await next();
  };
}

/** Lets pass the operator, and no page of another origin in the operator's browser. */
export function requireOperator(access: Access): ApiMiddleware {
  return async function guardChanges(ctx, next) {
    if (!access.mayChange(ctx.state.role)) {
      if (ctx.state.role === 'viewer') throw new HttpError(403, 'This needs the operator token');
      throw unauthorized('This needs the operator token: Authorization: Bearer …');
    }
    if (!access.originAllowed(ctx.req.headers))
      throw new HttpError(403, 'Origin not allowed: name it in ALLOWED_ORIGINS');
    await next();
  };
}

/** Lets pass an agent; a missing and a wrong token get the same answer. */
export function requireAgent(access: Access): ApiMiddleware {
  return async function guardIngest(ctx, next) {
    const token = ctx.req.headers['x-agent-token'];
    const own = Array.isArray(token) ? token[0] : token;
    const known = access.agentOf(own);
    const agent = known instanceof Promise ? await orRedisUnavailable(() => known, REDIS_DEADLINE_MS) : known;
    if (agent === undefined) throw unknownAgentToken();
    ctx.state.agent = agent;
    await next();
  };
}

/** For an agent that needs a token and has not sent the right one. */
export function unknownAgentToken(): HttpError {
  return new HttpError(401, 'Invalid or missing agent token');
}

function unauthorized(detail: string): HttpError {
  return new HttpError(401, detail);
}
