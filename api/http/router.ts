import Router from '@koa/router';
import type { Access } from './auth.ts';
import { requireAgent, requireOperator, requireReader } from './authGuards.ts';
import type { ApiMiddleware, State } from './context.ts';
import type { LoadShedding } from './loadShedding.ts';
import type { Route } from './route.ts';

/** Who hands in snapshots, and who asks for everything else. */
export function isForAgents({ access }: Route): boolean {
  return access === 'agent';
}

/** A router for the routes, each behind the guard its access asks for; those that cost much wait for their turn. */
export function createRouter(routes: Route[], access: Access, waitForTurn: LoadShedding): Router<State> {
  const guards: Record<Exclude<Route['access'], 'open'>, ApiMiddleware> = {
    agent: requireAgent(access),
    reader: requireReader(access),
    operator: requireOperator(access),
  };
  const router = new Router<State>();
  for (const route of routes) {
    const handlers: ApiMiddleware[] = [];
    if (route.access !== 'open') handlers.push(guards[route.access]);
    if (route.isCostly === true)
      handlers.push(async (_, next) => {
        await waitForTurn();
        await next();
      });
    router[route.method](route.path, ...handlers, (ctx) => route.handle(ctx));
  }
  return router;
}
