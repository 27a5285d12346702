import { credentialsSchema, sessionSchema, type Session } from '../../core/contracts/session.ts';
import { HttpError } from './errors.ts';
import type { RateLimitStore } from '../../core/stores/redis/rateLimit.ts';
import { nowSeconds } from '../../core/time.ts';
import { SESSION_COOKIE, SESSION_SECONDS, type Access } from './auth.ts';
import type { RouteContext } from './context.ts';
import { readJson } from './jsonBody.ts';
import { orRedisUnavailable, REDIS_DEADLINE_MS } from './redisUnavailable.ts';
import { validate } from './validation.ts';
import type { Route } from './route.ts';

const MAX_BODY_BYTES = 4096;

/** Sign-ins from one address a minute: nobody types faster, and a guessing machine gets nowhere. */
const SIGN_INS_A_MINUTE = 20;

/** Signing in and out of a browser: a token for a cookie that scripts cannot read. */
export function sessionRoutes({
  access,
  rateLimits,
}: {
  access: Access;
  rateLimits: RateLimitStore;
}): Route[] {
  return [
    {
      method: 'get',
      path: '/api/session',
      summary: 'Who the caller is',
      tag: 'session',
      access: 'open',
      answers: { 200: { description: 'The role of the token or cookie sent', schema: sessionSchema } },
      async handle(ctx) {
        const { role } = ctx.state;
        ctx.body = { role: role === 'local' ? 'anonymous' : role } satisfies Session;
      },
    },
    {
      method: 'post',
      path: '/api/session',
      summary: 'Sign in: sets a session cookie',
      tag: 'session',
      access: 'open',
      body: credentialsSchema,
      answers: {
        200: { description: 'Signed in', schema: sessionSchema },
        401: { description: 'Unknown token' },
        429: { description: 'Too many tries; see Retry-After' },
      },
      async handle(ctx) {
        if (!access.originAllowed(ctx.req.headers)) throw new HttpError(403, 'Origin not allowed');
        await limitSignIns(ctx);
        const { token } = validate(credentialsSchema, await readJson(ctx.req, MAX_BODY_BYTES), 'body');
        const role = access.roleOfToken(token);
        if (role === undefined) throw new HttpError(401, 'Unknown token');
        ctx.set('Set-Cookie', cookie(ctx, access.issueSession(role, nowSeconds()), SESSION_SECONDS));
        ctx.body = { role } satisfies Session;
      },
    },
    {
      method: 'delete',
      path: '/api/session',
      summary: 'Sign out',
      tag: 'session',
      access: 'open',
      answers: { 200: { description: 'Signed out', schema: sessionSchema } },
      async handle(ctx) {
        if (!access.originAllowed(ctx.req.headers)) throw new HttpError(403, 'Origin not allowed');
        ctx.set('Set-Cookie', cookie(ctx, '', 0));
        ctx.body = { role: 'anonymous' } satisfies Session;
      },
    },
  ];

  async function limitSignIns(ctx: RouteContext): Promise<void> {
    const taken = await orRedisUnavailable(
      () => rateLimits.take(`sign-in:${ctx.state.address}`, SIGN_INS_A_MINUTE, 60_000),
      REDIS_DEADLINE_MS,
    );
    if (!taken.allowed) throw new HttpError(429, 'Too many tries', Math.ceil(taken.resetMs / 1000) || 1);
  }
}

function cookie(ctx: RouteContext, value: string, seconds: number): string {
  const secure = ctx.secure || ctx.get('x-forwarded-proto') === 'https' ? '; Secure' : '';
  return `${SESSION_COOKIE}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
}
