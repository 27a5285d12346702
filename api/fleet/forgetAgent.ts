import { forgettingSchema, type Forgetting } from '../../core/contracts/fleet.ts';
import type { AuditStore } from '../../core/stores/postgres/audit.ts';
import type { Fleet } from './fleet.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { AGENT_PATH, agentIdInPath, agentParamsSchema } from './agent.ts';
import { auditLine, recordDone } from '../http/auditTrail.ts';
import type { Route } from '../http/route.ts';

/** `DELETE /api/agents/:id`: everything that was received of it until now goes. */
export function forgetAgentRoute(fleet: Fleet | undefined, audit: AuditStore | undefined): Route {
  return {
    method: 'delete',
    path: AGENT_PATH,
    summary: 'Forget an agent',
    description:
      'Drops everything that was received of it until now: name, labels, state, recent snapshots, alerts, history, ' +
      'and what of it still waits in a queue. It is out of the list at once; its history goes piece by piece. Alert events ' +
      'stay for as long as events are kept. An agent that goes on reporting is a new one from its next snapshot on: stop ' +
      'it first, or revoke its token.',
    tag: 'fleet',
    access: 'operator',
    params: agentParamsSchema,
    answers: {
      202: {
        description: 'Out of the list; the rest is being done',
        schema: forgettingSchema,
        example: { status: 'forgetting', id: 'web-01' } satisfies Forgetting,
      },
      403: { description: 'Only the operator may' },
      404: { description: 'It never reported, or was forgotten' },
      503: { description: 'POSTGRES_DSN is not set, or a store is out of reach' },
    },
    async handle(ctx) {
      const known = requireHistory(fleet);
      const id = agentIdInPath(ctx);
      await known.forget(id);
      ctx.state.log.info({ ...auditLine(ctx), agent: id }, 'agent forgotten');
      await recordDone(ctx, audit, { action: 'agent.forgotten', target: id, detail: {} });
      ctx.status = 202;
      ctx.body = { status: 'forgetting', id } satisfies Forgetting;
    },
  };
}
