import { recentAlertsQuerySchema, recentAlertsSchema } from '../../core/contracts/recent.ts';
import type { AgentStore } from '../../core/stores/postgres/agents.ts';
import type { AlertStore } from '../../core/stores/redis/alerts.ts';
import { earlierNow, type SharedClock } from '../../core/stores/redis/clock.ts';
import { nowSeconds } from '../../core/time.ts';
import { idsOfQuery } from '../http/labelFilter.ts';
import { orRedisUnavailable } from '../http/redisUnavailable.ts';
import { validate } from '../http/validation.ts';
import type { Route } from '../http/route.ts';

export interface RecentAlertsOptions {
  alerts: AlertStore;
  clock: SharedClock;
  /** Absent where no history is kept. */
  agents: AgentStore | undefined;
}

/** `GET /api/alerts/recent`: alert events of the last minutes. */
export function recentAlertsRoute({ alerts, clock, agents }: RecentAlertsOptions): Route {
  return {
    method: 'get',
    path: '/api/alerts/recent',
    summary: 'Alert events of the last minutes, oldest first',
    tag: 'reads',
    access: 'reader',
    query: recentAlertsQuerySchema,
    examples: {
      lastDay: { summary: 'The last day', query: { minutes: '1440' } },
    },
    answers: {
      200: { description: 'Firing events', schema: recentAlertsSchema },
      422: { description: 'minutes is not a whole number from 1 to 1440' },
      503: { description: 'A store is out of reach, or a label is asked for and POSTGRES_DSN is not set' },
    },
    async handle(ctx) {
      const { minutes, label } = validate(recentAlertsQuerySchema, ctx.query, 'query');
      const chosen = await idsOfQuery(label, agents);
      const events = await orRedisUnavailable(async () =>
        alerts.since((await earlierNow(clock, nowSeconds())) - minutes * 60),
      );
      ctx.body = chosen === undefined ? events : events.filter(({ agent_id }) => chosen.includes(agent_id));
    },
  };
}
