import { HttpError } from './errors.ts';
import { sessionEndpoints } from '../../core/contracts/endpoints/session.ts';
import type { RateLimitStore } from '../../core/stores/redis/rateLimit.ts';
import { nowSeconds } from '../../core/time.ts';
import { SESSION_COOKIE, SESSION_SECONDS, type Access } from './auth.ts';
import type { RouteContext } from './context.ts';
import { isBehindTls } from './origin.ts';
import { orRedisUnavailable, REDIS_DEADLINE_MS } from './redisUnavailable.ts';
import { route, type Route } from './route.ts';

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
    route(sessionEndpoints.whoAmI, {
      access: 'open',
      async handle(_, ctx) {
        const { role } = ctx.state;
        return { role: role === 'local' ? 'anonymous' : role };
      },
    }),
    route(sessionEndpoints.signIn, {
      access: 'open',
      maxBodyBytes: MAX_BODY_BYTES,
      async handle(request, ctx) {
        if (!access.originAllowed(ctx.req.headers)) throw new HttpError(403, 'Origin not allowed');
        await limitSignIns(ctx);
        const { token } = await request.body();
        const role = access.roleOfToken(token);
        if (role === undefined) throw new HttpError(401, 'Unknown token');
        ctx.set('Set-Cookie', cookie(ctx, access.issueSession(role, nowSeconds()), SESSION_SECONDS));
        return { role };
      },
    }),
    route(sessionEndpoints.signOut, {
      access: 'open',
      async handle(_, ctx) {
        if (!access.originAllowed(ctx.req.headers)) throw new HttpError(403, 'Origin not allowed');
        ctx.set('Set-Cookie', cookie(ctx, '', 0));
        return { role: 'anonymous' as const };
      },
    }),
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
  const secure = ctx.secure || isBehindTls(ctx.req.headers) ? '; Secure' : '';
  return `${SESSION_COOKIE}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
}
