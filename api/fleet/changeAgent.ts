import { agentEndpoints } from '../../core/contracts/endpoints/agents.ts';
import type { AuditStore } from '../../core/stores/postgres/audit.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { auditLine, recordDone } from '../http/auditTrail.ts';
import { route, type Route } from '../http/route.ts';
import type { Fleet } from './fleet.ts';

/** The most labels with the longest keys and values, and a name in escapes. */
const MAX_BODY_BYTES = 16 * 1024;

/** `PATCH /api/agents/:id`: what the operator calls an agent, and how it is sorted. */
export function changeAgentRoute(fleet: Fleet | undefined, audit: AuditStore | undefined): Route {
  return route(agentEndpoints.change, {
    access: 'operator',
    maxBodyBytes: MAX_BODY_BYTES,
    async handle(request, ctx) {
      const known = requireHistory(fleet);
      const { id } = request.params();
      const changes = await request.body();
      const agent = await known.change(id, changes);
      ctx.state.log.info({ ...auditLine(ctx), agent: id, changes }, 'agent changed');
      await recordDone(ctx, audit, { action: 'agent.changed', target: id, detail: { ...changes } });
      return agent;
    },
  });
}
