import type { Context, DefaultState, Middleware } from 'koa';
import type { RouterContext } from '@koa/router';
import type { Logger } from '../../core/platform/logger.ts';
import type { AgentCaller, Role } from './auth.ts';

/** What the middleware leaves for the routes. */
export interface State extends DefaultState {
  requestId: string;
  log: Logger;
  /** The client's address, forwarded or not; `UNKNOWN_ADDRESS` where its proxy does not tell it, empty where it is gone. */
  address: string;
  role: Role;
  /** Who hands in a snapshot; behind the guard of the agents' routes. */
  agent?: AgentCaller;
}

export type ApiContext = Context & { state: State };
export type ApiMiddleware = Middleware<State>;
export type RouteContext = RouterContext<State>;
