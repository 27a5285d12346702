import { agentIdSchema } from '../../core/contracts/snapshot.ts';
import type { AgentIds } from '../../core/stores/fleetHistory.ts';

/** The fields of a query that say whose history is asked for. */
export const scopeFields = {
  agent: agentIdSchema.optional().meta({ description: 'One host. Left out: all of them.' }),
};

export interface Scope {
  agent?: string | undefined;
}

/** Which agents a query means: some by id, or undefined for all. */
export type AgentsAsked = (scope: Scope) => Promise<AgentIds>;

export const agentsAsked: AgentsAsked = ({ agent }) =>
  Promise.resolve(agent === undefined ? undefined : [agent]);
