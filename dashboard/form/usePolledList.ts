import { useCallback, useState } from 'preact/hooks';
import { usePolled, type Polled } from '../shell/usePolled.ts';

/** What others change, too: looked at again this often, in ms. */
const POLL_MS = 30_000;

export interface PolledList<T> extends Polled<T> {
  /** Asks at once: something was changed. */
  refresh(): void;
}

/** A list that is kept up to date. @param ask must be the same function from one rendering to the next */
export function usePolledList<T>(ask: (signal: AbortSignal) => Promise<T>, everyMs = POLL_MS): PolledList<T> {
  const [round, setRound] = useState(0);
  // Another function with each round: that is what makes it ask anew.
  const again = useCallback((signal: AbortSignal) => ask(signal), [ask, round]);
  return { ...usePolled(again, everyMs), refresh: () => setRound((count) => count + 1) };
}
