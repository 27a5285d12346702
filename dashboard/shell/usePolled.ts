import { useEffect, useState } from 'preact/hooks';

/** What was asked for again and again. */
export interface Polled<T> {
  /** The last answer; undefined until the first one. */
  value: T | undefined;
  /** Why there is no newer one; undefined while all goes well. */
  error: string | undefined;
}

/**
 * Asks at once and then every so often, as long as the page can be seen; an answer that takes longer is waited for.
 *
 * @param ask must be the same function from one rendering to the next
 */
export function usePolled<T>(ask: (signal: AbortSignal) => Promise<T>, everyMs: number): Polled<T> {
  const [polled, setPolled] = useState<Polled<T>>({ value: undefined, error: undefined });
  useEffect(() => {
    const ended = new AbortController();
    let timer: number | undefined;
    let asking = false;
    async function round(): Promise<void> {
      clearTimeout(timer);
      if (asking || document.hidden || ended.signal.aborted) return;
      asking = true;
      try {
        const value = await ask(ended.signal);
        if (!ended.signal.aborted) setPolled({ value, error: undefined });
      } catch (thrown) {
        const error = thrown instanceof Error ? thrown.message : String(thrown);
        if (!ended.signal.aborted) setPolled(({ value }) => ({ value, error }));
      } finally {
        asking = false;
        timer = window.setTimeout(() => void round(), everyMs);
      }
    }
    const onVisibility = () => void round();
    document.addEventListener('visibilitychange', onVisibility);
    void round();
    return () => {
      ended.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisibility);
    };
  }, [ask, everyMs]);
  return polled;
}
