import type { AgentStateEvent, FleetLine } from '../../core/contracts/live.ts';
import { rowOfLine, withLine, withState, type Row } from './row.ts';

/** What is to be painted anew. */
export interface Changes {
  /** Rows that look otherwise. */
  changed: ReadonlySet<string>;
  /** Whether rows came or went. */
  membership: boolean;
}

/**
 * The rows as they are, and which of them changed since that was last asked: however many messages come between two
 * pictures, a row is painted once for each.
 */
export interface FleetModel {
  rows: ReadonlyMap<string, Row>;
  /** Takes the place of all there was. */
  replace(rows: readonly Row[]): void;
  /** Gives back who was not known. */
  hear(lines: readonly FleetLine[], nowSeconds: number): string[];
  /** Gives back who is not known. */
  change(events: readonly AgentStateEvent[]): string[];
  /** What changed since it was last asked; undefined where nothing has. */
  takeChanges(): Changes | undefined;
}

export function createFleetModel(): FleetModel {
  let rows = new Map<string, Row>();
  let changed = new Set<string>();
  let membership = false;

  function put(row: Row): void {
    rows.set(row.id, row);
    changed.add(row.id);
  }
  return {
    get rows() {
      return rows;
    },
    replace(all) {
      const gone = [...rows.keys()];
      rows = new Map(all.map((row) => [row.id, row]));
      for (const { id } of all) changed.add(id);
      membership ||= gone.length !== all.length || gone.some((id) => !rows.has(id));
    },
    hear(lines, nowSeconds) {
      const strangers: string[] = [];
      for (const line of lines) {
        const row = rows.get(line.agent_id);
        if (row === undefined) strangers.push(line.agent_id);
        put(row === undefined ? rowOfLine(line, nowSeconds) : withLine(row, line, nowSeconds));
      }
      membership ||= strangers.length > 0;
      return strangers;
    },
    change(events) {
      return events.flatMap((event) => {
        const row = rows.get(event.agent_id);
        if (row === undefined) return event.agent_id;
        put(withState(row, event));
        return [];
      });
    },
    takeChanges() {
      if (changed.size === 0 && !membership) return undefined;
      const changes = { changed, membership };
      changed = new Set();
      membership = false;
      return changes;
    },
  };
}
