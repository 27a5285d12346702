import cors from '@koa/cors';
import Koa from 'koa';
import { findProjectFile } from '../core/platform/projectRoot.ts';
import { board, BOARD_PATH } from './operations/board.ts';
import type { State } from './http/context.ts';
import { createLoadShedding } from './http/loadShedding.ts';
import { dashboardRouter } from './http/dashboard.ts';
import { compression } from './http/compression.ts';
import { docsRouter } from './http/docs.ts';
import { errors } from './http/errors.ts';
import type { ApiNode } from './http/node.ts';
import { isNamedOrigin } from './http/origin.ts';
import { requestLog } from './http/requestLog.ts';
import { securityHeaders } from './http/securityHeaders.ts';
import { openApiDocument } from './http/openapi.ts';
import { createRouter, isForAgents } from './http/router.ts';
import type { Route } from './http/route.ts';

/** What pages of other origins may see beside the body. */
const EXPOSED = ['Retry-After', 'RateLimit', 'RateLimit-Policy', 'X-Request-Id'];

export interface AppOptions {
  routes: Route[];
  version: string;
  /** Whether so many snapshots are in flight that costly answers should wait. */
  isBusy(): boolean;
}

/** The API without a port: middleware in the order a request meets it. */
export function buildApp(node: ApiNode, { routes, version, isBusy }: AppOptions): Koa<State> {
  const { access, log } = node;
  const { trustedHops, allowedOrigins } = node.config.http;
  const waitForTurn = createLoadShedding(isBusy);
  const app = new Koa<State>();
  app.use(requestLog({ log, access, metrics: node.httpMetrics, trustedHops }));
  if (allowedOrigins.length > 0) app.use(crossOrigin(allowedOrigins));
  app.use(errors());
  // Before what only pages need: of a thousand requests all but a few are snapshots.
  const forAgents = createRouter(routes.filter(isForAgents), access, waitForTurn);
  app.use(forAgents.routes());
  app.use(forAgents.allowedMethods());
  app.use(securityHeaders([BOARD_PATH, '/docs']));
  app.use(compression());
  app.use(board(Object.values(node.queues), access));
  for (const router of [
    createRouter(
      routes.filter((route) => !isForAgents(route)),
      access,
      waitForTurn,
    ),
    docsRouter(() => openApiDocument(routes, version)),
    dashboardRouter(findProjectFile('dist/dashboard')),
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
function crossOrigin(allowed: readonly string[]) {
  return cors({
    origin: (ctx) => (isNamedOrigin(ctx.get('Origin'), allowed) ? ctx.get('Origin') : ''),
    exposeHeaders: EXPOSED,
  });
}
