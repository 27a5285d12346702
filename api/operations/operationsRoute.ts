import { operationEndpoints } from '../../core/contracts/endpoints/operations.ts';
import type { Operations } from '../../core/contracts/operations.ts';
import { route, type Route } from '../http/route.ts';

/** `GET /api/operations`: how the service itself does, for the page and for people. */
export function operationsRoute({ read }: { read(): Promise<Operations> }): Route {
  return route(operationEndpoints.operations, {
    access: 'reader',
    handle: () => read(),
  });
}
