import { agentEndpoints } from '../../core/contracts/endpoints/agents.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { route, type Route } from '../http/route.ts';
import type { Fleet } from './fleet.ts';

/** `GET /api/agents/:id`: one agent. */
export function agentRoute(fleet: Fleet | undefined): Route {
  return route(agentEndpoints.get, {
    access: 'reader',
    async handle(request) {
      return requireHistory(fleet).find(request.params().id);
    },
  });
}
