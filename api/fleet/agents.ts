import { agentEndpoints } from '../../core/contracts/endpoints/agents.ts';
import { labelPairs } from '../http/labelFilter.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { route, type Route } from '../http/route.ts';
import { usualOrder } from './agentOrder.ts';
import type { Fleet } from './fleet.ts';

/** `GET /api/agents`: the fleet, a page at a time. */
export function agentsRoute(fleet: Fleet | undefined): Route {
  return route(agentEndpoints.list, {
    access: 'reader',
    isCostly: true,
    async handle(request) {
      const known = requireHistory(fleet);
      const { search, state, label, sort, order, limit, cursor } = request.query();
      return known.list({
        filter: { search, state, labels: labelPairs(label) },
        sort,
        order: order ?? usualOrder(sort),
        limit,
        cursor,
      });
    },
  });
}
