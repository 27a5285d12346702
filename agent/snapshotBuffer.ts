/** What waits to be sent: oldest first, never more than the capacity. */
export interface SnapshotBuffer<T> {
  /** Adds the newest; where the buffer is full the oldest is given up. */
  push(item: T): void;
  /** Takes out the oldest, to be sent. */
  take(): T | undefined;
  /** Puts back what was taken and could not be sent. It is the oldest again, so a full buffer gives it up. */
  putBack(item: T): void;
  readonly size: number;
  /** How many were given up since the start. */
  readonly dropped: number;
}

/** @param capacity most items held, at least 1 */
export function createSnapshotBuffer<T>(capacity: number): SnapshotBuffer<T> {
  const items: T[] = [];
  let dropped = 0;

  return {
    push(item) {
      if (items.length >= capacity) {
        items.shift();
        dropped += 1;
      }
      items.push(item);
    },
    take: () => items.shift(),
    putBack(item) {
      if (items.length >= capacity) dropped += 1;
      else items.unshift(item);
    },
    get size() {
      return items.length;
    },
    get dropped() {
      return dropped;
    },
  };
}
