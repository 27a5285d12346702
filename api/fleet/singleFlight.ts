/**
 * Reads one at a time. Whoever asks meanwhile shares the next reading, which begins after that: it has all that was there
 * when it was asked for, and however many ask, no more than two readings are in memory.
 */
export function shareReading<T>(read: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<void> | undefined;
  let next: Promise<T> | undefined;

  function begin(): Promise<T> {
    next = undefined;
    const reading = read();
    const ended = () => void (underWay = undefined);
    underWay = reading.then(ended, ended);
    return reading;
  }

  return function ask() {
    if (next !== undefined) return next;
    if (underWay === undefined) return begin();
    next = underWay.then(begin);
    return next;
  };
}
