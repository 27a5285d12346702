import { SPARK_POINTS, type Agent } from '../../core/contracts/agents.ts';
import { agentPageSchema, agentsQuerySchema, type AgentPage } from '../../core/contracts/fleet.ts';
import { usualOrder } from './agentOrder.ts';
import type { Fleet } from './fleet.ts';
import { labelPairs } from '../http/labelFilter.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { validate } from '../http/validation.ts';
import type { Route } from '../http/route.ts';

export const AGENT_EXAMPLE: Agent = {
  id: 'web-01',
  name: 'Checkout, Frankfurt',
  labels: { env: 'prod', role: 'web' },
  state: 'online',
  first_seen: 1763990000,
  last_seen: 1764040332,
  interval_seconds: 2,
  clock_skew_seconds: 0,
  latest: {
    timestamp: 1764040332,
    total_cpu_percent: 45.2,
    system_memory_used_mb: 8000.5,
    system_memory_total_mb: 16000,
    top_process: { name: 'chrome.exe', cpu_percent: 15.5 },
  },
  sparkline: Array.from({ length: SPARK_POINTS }, (_, i) => (i < 3 ? null : 40 + ((i * 7) % 13))),
};

/** `GET /api/agents`: the fleet, a page at a time. */
export function agentsRoute(fleet: Fleet | undefined): Route {
  return {
    method: 'get',
    path: '/api/agents',
    summary: 'Every agent: whether it reports, what it measured last, and the last five minutes',
    tag: 'fleet',
    access: 'reader',
    isCostly: true,
    query: agentsQuerySchema,
    answers: {
      200: {
        description: 'A page of agents; next_cursor is null on the last one',
        schema: agentPageSchema,
        example: { agents: [AGENT_EXAMPLE], next_cursor: null } satisfies AgentPage,
      },
      503: { description: 'POSTGRES_DSN is not set, or a store is out of reach' },
    },
    async handle(ctx) {
      const known = requireHistory(fleet);
      const { search, state, label, sort, order, limit, cursor } = validate(
        agentsQuerySchema,
        ctx.query,
        'query',
      );
      ctx.type = 'application/json';
      ctx.body = await known.list({
        filter: { search, state, labels: labelPairs(label) },
        sort,
        order: order ?? usualOrder(sort),
        limit,
        cursor,
      });
    },
  };
}
