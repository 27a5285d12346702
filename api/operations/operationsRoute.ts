import { operationsSchema, type Operations } from '../../core/contracts/operations.ts';
import type { Route } from '../http/route.ts';

/** `GET /api/operations`: how the service itself does, for the page and for people. */
export function operationsRoute({ look }: { look(): Promise<Operations> }): Route {
  return {
    method: 'get',
    path: '/api/operations',
    summary: 'How the service does: stores, queues, nodes, what arrives',
    description:
      'The same as /health and /metrics, as JSON and of all API nodes. Asked often, it answers with figures that are up to a second old.',
    tag: 'operations',
    access: 'reader',
    answers: {
      200: { description: 'Also while a store is away: `health` tells which', schema: operationsSchema },
    },
    async handle(ctx) {
      ctx.body = await look();
    },
  };
}
