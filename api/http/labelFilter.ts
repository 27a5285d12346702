import { parseLabel, type Labels } from '../../core/contracts/labels.ts';
import type { AgentStore } from '../../core/stores/postgres/agents.ts';
import { requireHistory } from './requireHistory.ts';

/** The labels of a query, as pairs: the same key may be there twice, which no agent can fulfil. */
export function labelPairs(label: string | string[] | undefined): [key: string, value: string][] {
  return [label ?? []].flat().flatMap((text) => {
    const pair = parseLabel(text);
    return pair === undefined ? [] : [pair];
  });
}

/**
 * Ids of the agents that a query's labels choose; undefined where it names none.
 *
 * @throws {HttpError} 503 where no history is kept, and so no labels are
 */
export async function idsOfQuery(
  label: string | string[] | undefined,
  agents: Pick<AgentStore, 'idsByLabels'> | undefined,
): Promise<string[] | undefined> {
  const pairs = labelPairs(label);
  if (pairs.length === 0) return undefined;
  const labels: Labels = Object.fromEntries(pairs);
  if (pairs.some(([key, value]) => labels[key] !== value)) return [];
  return requireHistory(agents).idsByLabels(labels);
}
