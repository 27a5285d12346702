import { agentEndpoints } from '../../core/contracts/endpoints/agents.ts';
import type { AuditStore } from '../../core/stores/postgres/audit.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { auditLine, recordDone } from '../http/auditTrail.ts';
import { route, type Route } from '../http/route.ts';
import type { Fleet } from './fleet.ts';

/** `DELETE /api/agents/:id`: everything that was received of it until now goes. */
export function forgetAgentRoute(fleet: Fleet | undefined, audit: AuditStore | undefined): Route {
  return route(agentEndpoints.forget, {
    access: 'operator',
    async handle(request, ctx) {
      const known = requireHistory(fleet);
      const { id } = request.params();
      await known.forget(id);
      ctx.state.log.info({ ...auditLine(ctx), agent: id }, 'agent forgotten');
      await recordDone(ctx, audit, { action: 'agent.forgotten', target: id, detail: {} });
      return { status: 'forgetting' as const, id };
    },
  });
}
