import { ascending } from '../../core/collections.ts';
import { CONDITIONS, type Condition } from '../../core/contracts/agents.ts';
import type { Order, Sort } from '../../core/contracts/fleet.ts';
import type { AgentLine } from './agentLines.ts';

export interface AgentFilter {
  /** Part of the id or the name, in any case. */
  search?: string | undefined;
  state?: Condition | undefined;
  /** All of them have to be there. */
  labels: readonly (readonly [key: string, value: string])[];
}

/** Where no order is asked for: what is sorted by size begins with the largest. */
export function usualOrder(sort: Sort): Order {
  return sort === 'cpu' || sort === 'memory' || sort === 'last_seen' ? 'desc' : 'asc';
}

export function matches(line: AgentLine, { search, state, labels }: AgentFilter): boolean {
  if (state !== undefined && line.condition !== state) return false;
  if (!labels.every(([key, value]) => line.labels[key] === value)) return false;
  if (search === undefined) return true;
  const wanted = folded(search);
  return [line.id, line.name].some((text) => folded(text).includes(wanted));
}

/** As texts are compared: in any case, composed or not. */
const folded = (text: string) => text.normalize('NFC').toLowerCase();

/** A new array in order; those of equal rank by id, and those without a value last, whichever the order. */
export function sortLines(lines: readonly AgentLine[], sort: Sort, order: Order): AgentLine[] {
  const sign = order === 'asc' ? 1 : -1;
  const ranked = lines.map((line) => ({ line, rank: RANK[sort](line) }));
  return ranked
    .sort((a, b) => {
      if (a.rank === undefined || b.rank === undefined)
        return Number(a.rank === undefined) - Number(b.rank === undefined) || ascending(a.line.id, b.line.id);
      return sign * ascending(a.rank, b.rank) || ascending(a.line.id, b.line.id);
    })
    .map(({ line }) => line);
}

const RANK: { [Key in Sort]: (line: AgentLine) => string | number | undefined } = {
  id: ({ id }) => id,
  name: ({ name }) => folded(name),
  cpu: ({ state }) => state?.latest.cpuPercent,
  memory: ({ state }) => memoryShare(state?.latest),
  last_seen: ({ lastSeen }) => lastSeen,
  state: ({ condition }) => CONDITIONS.indexOf(condition),
};

function memoryShare(
  latest: { memoryUsedMb: number; memoryTotalMb: number } | undefined,
): number | undefined {
  if (latest === undefined || latest.memoryTotalMb === 0) return undefined;
  return latest.memoryUsedMb / latest.memoryTotalMb;
}
