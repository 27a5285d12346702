import { recentEndpoints } from '../../core/contracts/endpoints/recent.ts';
import type { TimelineStore } from '../../core/stores/redis/timeline.ts';
import type { AgentStore } from '../../core/stores/postgres/agents.ts';
import { nowSeconds } from '../../core/time.ts';
import { idsOfQuery } from '../http/labelFilter.ts';
import { orRedisUnavailable } from '../http/redisUnavailable.ts';
import { route, type Route } from '../http/route.ts';
import { jsonOf, type RecentStreams } from './recentStreams.ts';

export interface RecentMetricsOptions {
  timeline: TimelineStore;
  recent: RecentStreams;
  /** Absent where no history is kept. */
  agents: AgentStore | undefined;
}

/** `GET /api/metrics/recent`: the last minutes of one agent, of some, or of all. */
export function recentMetricsRoute({ timeline, recent, agents }: RecentMetricsOptions): Route {
  return route(recentEndpoints.snapshots, {
    access: 'reader',
    async handle(request) {
      const { agent, label } = request.query();
      const chosen = await idsOfQuery(label, agents);
      if (agent !== undefined && chosen?.includes(agent) !== false) {
        const snapshots = await orRedisUnavailable(() => timeline.recentOf(agent, nowSeconds()));
        return jsonOf(snapshots);
      }
      return recent.open(timeline.recentOfAll(nowSeconds(), agent === undefined ? chosen : []));
    },
  });
}
