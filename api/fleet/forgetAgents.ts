import { agentEndpoints } from '../../core/contracts/endpoints/agents.ts';
import type { AuditStore } from '../../core/stores/postgres/audit.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { auditLine, recordDone } from '../http/auditTrail.ts';
import { route, type Route } from '../http/route.ts';
import type { Fleet } from './fleet.ts';

/** `POST /api/agents/forget`: the same as `DELETE /api/agents/:id`, of all that match. */
export function forgetAgentsRoute(fleet: Fleet | undefined, audit: AuditStore | undefined): Route {
  return route(agentEndpoints.forgetMany, {
    access: 'operator',
    isCostly: true,
    async handle(request, ctx) {
      const known = requireHistory(fleet);
      const { state, older_than_seconds, search, labels, limit, dry_run } = await request.body();
      const { agentIds, matching } = await known.forgetMany({
        filter: { state, search, labels: Object.entries(labels) },
        olderThanSeconds: older_than_seconds,
        limit,
        isTrial: dry_run,
      });
      if (!dry_run && agentIds.length > 0) {
        const detail = { state, older_than_seconds, search: search ?? null, labels, agents: agentIds };
        ctx.state.log.info({ ...auditLine(ctx), ...detail }, 'agents forgotten');
        await recordDone(ctx, audit, { action: 'agent.forgotten', target: '*', detail });
      }
      return { agents: agentIds, matching };
    },
  });
}
