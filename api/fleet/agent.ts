import { z } from 'zod';
import { agentSchema } from '../../core/contracts/agents.ts';
import { agentIdSchema } from '../../core/contracts/snapshot.ts';
import type { RouteContext } from '../http/context.ts';
import type { Fleet } from './fleet.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { validate } from '../http/validation.ts';
import { AGENT_EXAMPLE } from './agents.ts';
import type { Route } from '../http/route.ts';

export const AGENT_PATH = '/api/agents/:id';

export const agentParamsSchema = z.object({ id: agentIdSchema });

/** @throws {InvalidRequestError} where the path names no agent that could be */
export function agentIdInPath({ params }: RouteContext): string {
  return validate(agentParamsSchema, params, 'path').id;
}

/** `GET /api/agents/:id`: one agent. */
export function agentRoute(fleet: Fleet | undefined): Route {
  return {
    method: 'get',
    path: AGENT_PATH,
    summary: 'One agent',
    tag: 'fleet',
    access: 'reader',
    params: agentParamsSchema,
    answers: {
      200: { description: 'As in the list', schema: agentSchema, example: AGENT_EXAMPLE },
      404: { description: 'It never reported, or was forgotten' },
      503: { description: 'POSTGRES_DSN is not set, or a store is out of reach' },
    },
    async handle(ctx) {
      const known = requireHistory(fleet);
      ctx.body = await known.find(agentIdInPath(ctx));
    },
  };
}
