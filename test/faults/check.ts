import type { Found, Holding } from './found.ts';
import { windowOf } from './found.ts';
import type { Ledger } from './ledger.ts';
import { CYCLE, HOT_BELOW, HOT_FROM } from './plan.ts';

/** How a place differs from the ledger. All zero, or the promise is broken. */
export interface Difference {
  found: number;
  /** Acknowledged, and not there. */
  lost: number;
  /** There more than once. */
  doubled: number;
  /** There, and never sent. */
  unexpected: number;
  /** There, with another content. */
  altered: number;
  /** Of the faulty ones, a few by name. */
  examples: string[];
}

const MAX_EXAMPLES = 5;

function none(found: number): Difference {
  return { found, lost: 0, doubled: 0, unexpected: 0, altered: 0, examples: [] };
}

function note(
  difference: Difference,
  kind: 'lost' | 'doubled' | 'unexpected' | 'altered',
  what: string,
): void {
  difference[kind] += 1;
  if (difference.examples.length < MAX_EXAMPLES) difference.examples.push(`${kind} ${what}`);
}

/** @param excused identities that need not be there, such as one that stands in the failed set with its reason */
export function compareSnapshots(
  { entries }: Ledger,
  holding: Holding,
  excused: ReadonlySet<string> = new Set(),
): Difference {
  const difference = none(holding.size);
  for (const [identity, { acknowledged, agentId, sequence, hash }] of entries) {
    const found: Found | undefined = holding.get(identity);
    const what = `${agentId}#${sequence}`;
    if (found === undefined) {
      if (acknowledged && !excused.has(identity)) note(difference, 'lost', what);
      continue;
    }
    if (found.count > 1) note(difference, 'doubled', `${what} (${found.count} times)`);
    if (found.hash !== hash) note(difference, 'altered', what);
  }
  for (const identity of holding.keys()) {
    if (!entries.has(identity)) note(difference, 'unexpected', identity);
  }
  return difference;
}

/** How long a window must last before it fires, as the stand sets it. */
export const ALERT_SECONDS = 10;

/**
 * Alerts by window. One is due where every hot sample of the window and the cold one behind it are acknowledged; a
 * window of which less arrived may have fired or not.
 */
export function compareAlerts({ entries }: Ledger, windows: ReadonlyMap<string, number>): Difference {
  const difference = none(windows.size);
  const sent = new Set<string>();
  const complete = new Map<string, number>();
  for (const { agentId, sequence, acknowledged } of entries.values()) {
    const place = sequence % CYCLE;
    if (place < HOT_FROM || place > HOT_BELOW) continue;
    const window = windowOf(agentId, sequence);
    sent.add(window);
    if (acknowledged) complete.set(window, (complete.get(window) ?? 0) + 1);
  }
  for (const [window, samples] of complete) {
    if (samples === HOT_BELOW - HOT_FROM + 1 && !windows.has(window)) note(difference, 'lost', window);
  }
  for (const [window, count] of windows) {
    if (!sent.has(window)) note(difference, 'unexpected', window);
    if (count > 1) note(difference, 'doubled', `${window} (${count} times)`);
  }
  return difference;
}

/** Events published more than once; those published while nobody could hear them are not missed. */
export function comparePublished(published: ReadonlyMap<string, number>): Difference {
  const difference = none(published.size);
  for (const [id, count] of published) if (count > 1) note(difference, 'doubled', `${id} (${count} times)`);
  return difference;
}

/** The same, where a loss is expected. */
export function withoutLoss(difference: Difference): Difference {
  return {
    ...difference,
    lost: 0,
    examples: difference.examples.filter((what) => !what.startsWith('lost ')),
  };
}

export function problemsOf(place: string, difference: Difference): string[] {
  const { lost, doubled, unexpected, altered, examples } = difference;
  if (lost + doubled + unexpected + altered === 0) return [];
  return [
    `${place}: ${lost} lost, ${doubled} doubled, ${unexpected} unexpected, ${altered} altered (${examples.join('; ')})`,
  ];
}
