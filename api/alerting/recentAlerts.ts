import { recentEndpoints } from '../../core/contracts/endpoints/recent.ts';
import type { AgentStore } from '../../core/stores/postgres/agents.ts';
import type { AlertStore } from '../../core/stores/redis/alerts.ts';
import { earlierNow, type SharedClock } from '../../core/stores/redis/clock.ts';
import { nowSeconds } from '../../core/time.ts';
import { idsOfQuery } from '../http/labelFilter.ts';
import { orRedisUnavailable } from '../http/redisUnavailable.ts';
import { route, type Route } from '../http/route.ts';

export interface RecentAlertsOptions {
  alerts: AlertStore;
  clock: SharedClock;
  /** Absent where no history is kept. */
  agents: AgentStore | undefined;
}

/** `GET /api/alerts/recent`: alert events of the last minutes. */
export function recentAlertsRoute({ alerts, clock, agents }: RecentAlertsOptions): Route {
  return route(recentEndpoints.alerts, {
    access: 'reader',
    async handle(request) {
      const { minutes, label } = request.query();
      const ids = await idsOfQuery(label, agents);
      const events = await orRedisUnavailable(async () =>
        alerts.since((await earlierNow(clock, nowSeconds())) - minutes * 60),
      );
      if (ids === undefined) return events;
      const chosen = new Set(ids);
      return events.filter(({ agent_id }) => chosen.has(agent_id));
    },
  });
}
