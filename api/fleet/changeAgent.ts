import { agentChangesSchema, agentSchema, type AgentChanges } from '../../core/contracts/agents.ts';
import type { AuditStore } from '../../core/stores/postgres/audit.ts';
import type { Fleet } from './fleet.ts';
import { readJson } from '../http/jsonBody.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { validate } from '../http/validation.ts';
import { AGENT_PATH, agentIdInPath, agentParamsSchema } from './agent.ts';
import { AGENT_EXAMPLE } from './agents.ts';
import { auditLine, recordDone } from '../http/auditTrail.ts';
import type { Route } from '../http/route.ts';

/** The most labels with the longest keys and values, and a name in escapes. */
const MAX_BODY_BYTES = 16 * 1024;

const EXAMPLE: AgentChanges = {
  name: 'Checkout, Frankfurt',
  labels: { env: 'prod', role: 'web', rack: null },
};

/** `PATCH /api/agents/:id`: what the operator calls an agent, and how it is sorted. */
export function changeAgentRoute(fleet: Fleet | undefined, audit: AuditStore | undefined): Route {
  return {
    method: 'patch',
    path: AGENT_PATH,
    summary: 'Name an agent, or label it',
    tag: 'fleet',
    access: 'operator',
    params: agentParamsSchema,
    body: agentChangesSchema,
    bodyExample: EXAMPLE,
    answers: {
      200: { description: 'The agent as it is now', schema: agentSchema, example: AGENT_EXAMPLE },
      403: { description: 'Only the operator may' },
      404: { description: 'It never reported, or was forgotten' },
      503: { description: 'POSTGRES_DSN is not set, or a store is out of reach' },
    },
    async handle(ctx) {
      const known = requireHistory(fleet);
      const agentId = agentIdInPath(ctx);
      const changes = validate(agentChangesSchema, await readJson(ctx.req, MAX_BODY_BYTES), 'body');
      ctx.body = await known.change(agentId, changes);
      ctx.state.log.info({ ...auditLine(ctx), agent: agentId, changes }, 'agent changed');
      await recordDone(ctx, audit, { action: 'agent.changed', target: agentId, detail: { ...changes } });
    },
  };
}
