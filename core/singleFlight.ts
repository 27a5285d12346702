/** Does work one at a time: whoever asks while it is under way shares what comes of it. */
export function singleFlight<T>(work: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined;
  return function join() {
    return (underWay ??= work().finally(() => (underWay = undefined)));
  };
}

/**
 * The same for whoever needs what is there by now: who asks while work is under way shares the next, which begins after
 * that, and with all who asked in the same turn. However many ask, there are no more than two.
 */
export function nextFlight<T>(work: () => Promise<T>): () => Promise<T> {
  let before: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;

  function begin(): Promise<T> {
    next = undefined;
    return work();
  }

  return function join() {
    if (next === undefined) {
      next = before.then(begin);
      before = next.catch(() => undefined);
    }
    return next;
  };
}
