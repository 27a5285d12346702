import cors from '@koa/cors';
import Koa from 'koa';
import type { Logger } from '../core/platform/logger.ts';
import type { Queue } from '../core/platform/queue.ts';
import type { Access } from './http/auth.ts';
import { board, BOARD_PATH } from './operations/board.ts';
import type { State } from './http/context.ts';
import type { Courtesy } from './http/loadShedding.ts';
import { dashboardRouter } from './http/dashboard.ts';
import { docsRouter } from './http/docs.ts';
import type { HttpMetrics } from './http/httpMetrics.ts';
import { errors } from './http/errors.ts';
import { requestLog } from './http/requestLog.ts';
import { securityHeaders } from './http/securityHeaders.ts';
import { openApiDocument } from './http/openapi.ts';
import { createRouter, isForAgents } from './routes.ts';
import type { Route } from './http/route.ts';

/** What pages of other origins may see beside the body. */
const EXPOSED = ['Retry-After', 'RateLimit', 'RateLimit-Policy', 'X-Request-Id'];

export interface AppDependencies {
  routes: Route[];
  access: Access;
  courtesy: Courtesy;
  /** What the board shows. */
  queues: Queue[];
  log: Logger;
  httpMetrics: HttpMetrics;
  trustedHops: number;
  /** Other origins whose pages may ask, beside our own. */
  allowedOrigins: string[];
  version: string;
  /** What Vite built. */
  dashboardDirectory: string;
}

/** The API without a port: middleware in the order a request meets it. */
export function buildApp(deps: AppDependencies): Koa<State> {
  const { access, log } = deps;
  const app = new Koa<State>();
  app.use(requestLog({ log, access, metrics: deps.httpMetrics, trustedHops: deps.trustedHops }));
  if (deps.allowedOrigins.length > 0) app.use(crossOrigin(deps.allowedOrigins));
  app.use(errors());
  // Before what only pages need: of a thousand requests all but a few are snapshots.
  const forAgents = createRouter(deps.routes.filter(isForAgents), access, deps.courtesy);
  app.use(forAgents.routes());
  app.use(forAgents.allowedMethods());
  app.use(securityHeaders([BOARD_PATH, '/docs']));
  app.use(board(deps.queues, access));
  for (const router of [
    createRouter(
      deps.routes.filter((route) => !isForAgents(route)),
      access,
      deps.courtesy,
    ),
    docsRouter(openApiDocument(deps.routes, deps.version)),
    dashboardRouter(deps.dashboardDirectory),
  ]) {
    app.use(router.routes());
    app.use(router.allowedMethods());
  }
  // What an answer's stream meets after its headers went out; everything else is told by errors(). A client that has
  // enough and leaves is nothing to warn of.
  app.on('error', (error: NodeJS.ErrnoException) => {
    const level = error.code === 'ERR_STREAM_PREMATURE_CLOSE' ? 'debug' : 'warn';
    log[level]({ reason: error.message }, 'an answer was cut off');
  });
  return app;
}

/** Lets pages of the named origins read the API with a token; without cookies, which are for our own pages. */
function crossOrigin(allowed: string[]) {
  return cors({
    origin: (ctx) => allowed.find((origin) => origin === ctx.get('Origin')) ?? '',
    exposeHeaders: EXPOSED,
  });
}
