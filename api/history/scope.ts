import type { AgentStore } from '../../core/stores/postgres/agents.ts';
import type { AgentIds } from '../../core/stores/postgres/fleetHistory.ts';
import { idsOfQuery } from '../http/labelFilter.ts';

export interface Scope {
  agent?: string | undefined;
  label?: string | string[] | undefined;
}

/** Which agents a query means: some by id, in order, or undefined for all. */
export type AgentsAsked = (scope: Scope) => Promise<AgentIds>;

/** A host that is named, and has not the labels that are asked for, too, is none. */
export function createAgentsAsked(agents: Pick<AgentStore, 'idsByLabels'>): AgentsAsked {
  return async ({ agent, label }) => {
    const labelled = await idsOfQuery(label, agents);
    if (agent === undefined) return labelled;
    return labelled === undefined || labelled.includes(agent) ? [agent] : [];
  };
}
