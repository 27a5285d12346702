/** What waits to be sent, by age, never more than the capacity. One piece of it is on its way at a time. */
export interface SnapshotBuffer<T> {
  /** Adds the newest; where the buffer is full the oldest is given up. */
  push(item: T): void;
  /** Takes out the oldest, to be sent. */
  take(): T | undefined;
  /** Takes out the newest, to be sent: as many as there are up to `most`, the oldest of them first. */
  takeNewest(most: number): T[];
  /** Puts back what was taken last and could not be sent, into its old place; a full buffer gives up the oldest. */
  putBack(taken: readonly T[]): void;
  readonly size: number;
  /** How many were given up since the start. */
  readonly dropped: number;
}

/** What waits in memory can be looked at, too. */
export interface MemoryBuffer<T> extends SnapshotBuffer<T> {
  /** By age, without what is on its way. */
  readonly waiting: readonly T[];
  /** Puts back what was taken some time ago, as the oldest; a full buffer gives it up. */
  putOldest(items: readonly T[]): void;
}

/**
 * @param capacity most items held, at least 1
 * @param giveUp what becomes of those that there is no room for; returns how many of them are lost. All, unless told
 */
export function createSnapshotBuffer<T>(
  capacity: number,
  giveUp: (oldest: readonly T[]) => number = (oldest) => oldest.length,
): MemoryBuffer<T> {
  const items: T[] = [];
  let dropped = 0;
  /** How many of the items, from the newest on, came after those that were taken last. */
  let newer = 0;

  function giveUpOldest(): void {
    const over = items.length - capacity;
    if (over <= 0) return;
    dropped += giveUp(items.splice(0, over));
  }

  return {
    push(item) {
      items.push(item);
      newer += 1;
      giveUpOldest();
    },
    take() {
      newer = Math.max(items.length - 1, 0);
      return items.shift();
    },
    takeNewest(most) {
      newer = 0;
      return items.splice(Math.max(items.length - most, 0));
    },
    putBack(taken) {
      items.splice(Math.max(items.length - newer, 0), 0, ...taken);
      giveUpOldest();
    },
    putOldest(oldest) {
      items.unshift(...oldest);
      giveUpOldest();
    },
    waiting: items,
    get size() {
      return items.length;
    },
    get dropped() {
      return dropped;
    },
  };
}
