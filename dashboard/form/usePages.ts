import { useEffect, useState } from 'preact/hooks';

interface Page<T> {
  items: readonly T[];
  next: string | null;
}

export interface Pages<T> {
  items: readonly T[] | undefined;
  error: string | undefined;
  /** Undefined where there is nothing further. */
  more: (() => void) | undefined;
}

/**
 * A list that is read page by page, as far as somebody wants to see.
 *
 * @param ask must be the same function from one rendering to the next; another one begins the list anew
 */
export function usePages<T>(
  ask: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>,
): Pages<T> {
  const [known, setKnown] = useState<Page<T>>();
  const [error, setError] = useState<string>();
  /** How far somebody wants to see: the cursor of the page that is asked for. */
  const [wanted, setWanted] = useState<string>();
  useEffect(() => {
    setKnown(undefined);
    setWanted(undefined);
  }, [ask]);
  useEffect(() => {
    const ended = new AbortController();
    ask(wanted, ended.signal).then(
      (page) => {
        if (ended.signal.aborted) return;
        setError(undefined);
        setKnown((before) =>
          wanted === undefined || before === undefined
            ? page
            : { items: [...before.items, ...page.items], next: page.next },
        );
      },
      (error: unknown) => {
        if (!ended.signal.aborted) setError(error instanceof Error ? error.message : String(error));
      },
    );
    return () => ended.abort();
  }, [ask, wanted]);
  const next = known?.next ?? undefined;
  return {
    items: known?.items,
    error,
    more: next === undefined ? undefined : () => setWanted(next),
  };
}
