import type { agentEndpoints } from '../../core/contracts/endpoints/agents.ts';
import type { alertEndpoints } from '../../core/contracts/endpoints/alerts.ts';
import type { channelEndpoints } from '../../core/contracts/endpoints/channels.ts';
import type { deliveriesEndpoint } from '../../core/contracts/endpoints/deliveries.ts';
import type { historyEndpoints } from '../../core/contracts/endpoints/history.ts';
import type { maintenanceEndpoints } from '../../core/contracts/endpoints/maintenance.ts';
import type { operationEndpoints } from '../../core/contracts/endpoints/operations.ts';
import type { processEndpoints } from '../../core/contracts/endpoints/processes.ts';
import type { recentEndpoints } from '../../core/contracts/endpoints/recent.ts';
import type { routeEndpoints } from '../../core/contracts/endpoints/routes.ts';
import type { ruleEndpoints } from '../../core/contracts/endpoints/rules.ts';
import type { sessionEndpoints } from '../../core/contracts/endpoints/session.ts';
import type { silenceEndpoints } from '../../core/contracts/endpoints/silences.ts';

// What the API declares, as types only: its schemas, and zod with them, stay on the server.

type In<Endpoints> = Endpoints[keyof Endpoints];

/** Every endpoint the page may ask. */
type Known =
  | In<typeof agentEndpoints>
  | In<typeof alertEndpoints>
  | In<typeof channelEndpoints>
  | typeof deliveriesEndpoint
  | In<typeof historyEndpoints>
  | In<typeof maintenanceEndpoints>
  | In<typeof operationEndpoints>
  | In<typeof processEndpoints>
  | In<typeof recentEndpoints>
  | In<typeof routeEndpoints>
  | In<typeof ruleEndpoints>
  | In<typeof sessionEndpoints>
  | In<typeof silenceEndpoints>;

export type Method = Known['method'];

/** By method and path. */
export type Endpoints = {
  [M in Method]: { [E in Extract<Known, { method: M }> as E['path']]: E };
};
