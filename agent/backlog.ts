import type { Outcome } from './outcome.ts';

/** From so many on, snapshots that wait are a backlog: fewer are handed in one by one in no more time. */
const BACKLOG = 5;
/**
 * Most snapshots of a batch, half of what the server takes: at 2 s they reach back beyond the 15 minutes in which it
 * judges late ones, so that its alerts see no gap.
 */
const MOST = 500;
/** As most proxies in front of a server take no body of more than a megabyte. */
const MOST_BYTES = 1_000_000;

/** A batch that took no longer may be twice as large the next time; one that took as long holds up what is live. */
const QUICK_MS = 5_000;
const SLOW_MS = 20_000;

/** What a server without the batch route answers, or one whose route takes no lines. */
const NO_BATCHES = new Set([404, 405, 415]);
/** What a proxy may answer for the size of a request alone. */
const TOO_LARGE = new Set([413]);

/**
 * What to send next: the oldest alone, to ask whether the server is back (`probe`) or because it takes no others
 * (`oldest`), the newest alone, or the newest together.
 */
export type Next =
  { kind: 'probe' } | { kind: 'oldest' } | { kind: 'newest' } | { kind: 'batch'; most: number };

/** What an agent knows of handing in many snapshots at once. */
export interface BatchPolicy {
  /**
   * @param waiting snapshots in the buffer
   * @param onDiskOnly how many of them are on disk only: as history they go in batches, however few they are
   */
  next(waiting: number, onDiskOnly: number): Next;
  /**
   * Takes in what became of a batch of `count` that took `tookMs`; returns whether that says nothing about single snapshots.
   */
  batchAnswered(outcome: Outcome, { count, tookMs }: { count: number; tookMs: number }): boolean;
  /** Takes in that a single snapshot was taken or refused for good. */
  singleAnswered(): void;
  /** Takes in that the server was away: it may be another one, of another version. */
  connectionLost(): void;
}

/**
 * A backlog goes from the newest on, so that nothing live waits behind it. The oldest alone comes first where the server
 * was away, to ask whether it is back, and always where it takes no batches: such a server may need them in order.
 *
 * A batch that is refused, as a whole, for one bad snapshot or for its size, or that takes too long, is cut in half, until
 * the bad one stands alone or the line is fast enough; each that is taken quickly doubles the size again.
 *
 * @param pauseMs how long a server that has no room for a batch wants to be left alone with them
 */
export function createBatchPolicy(
  nowMs: () => number,
  pauseMs: (outcome: Outcome & { kind: 'busy' }) => number,
): BatchPolicy {
  let supported = true;
  let away = true;
  let most = MOST;
  let notBeforeMs = -Infinity;

  function grow(): void {
    most = Math.min(most * 2, MOST);
  }

  function halve(count: number): void {
    most = Math.max(Math.floor(count / 2), 1);
  }

  return {
    next(waiting, onDiskOnly) {
      if (away) return { kind: 'probe' };
      if (!supported || (waiting < BACKLOG && onDiskOnly === 0)) return { kind: 'oldest' };
      if (nowMs() < notBeforeMs || (most === 1 && onDiskOnly === 0)) return { kind: 'newest' };
      return { kind: 'batch', most };
    },
    batchAnswered(outcome, { count, tookMs }) {
      switch (outcome.kind) {
        case 'accepted':
          if (tookMs > SLOW_MS) halve(count);
          else if (tookMs < QUICK_MS) grow();
          return true;
        case 'early':
          return true;
        case 'rejected':
          halve(count);
          return true;
        case 'busy':
          if (outcome.status !== 503) return false;
          notBeforeMs = nowMs() + pauseMs(outcome);
          return true;
        case 'refused':
          if (TOO_LARGE.has(outcome.status) && count > 1) {
            halve(count);
            return true;
          }
          if (!NO_BATCHES.has(outcome.status)) return false;
          supported = false;
          return true;
        case 'unreachable':
          if (outcome.cutShort === true) halve(count);
          return false;
      }
    },
    singleAnswered() {
      if (away) supported = true;
      // How large a batch may be, only batches tell; but one of them has to be tried again.
      else if (nowMs() >= notBeforeMs) most = Math.max(most, 2);
      away = false;
    },
    connectionLost() {
      away = true;
    },
  };
}

/** How many of the newest bodies fit into one request. At least one does: it goes alone. */
export function fitting(bodies: readonly { body: string }[]): number {
  let bytes = 0;
  for (let count = 0; count < bodies.length; count += 1) {
    bytes += Buffer.byteLength(bodies[bodies.length - 1 - count]?.body ?? '') + 1;
    if (bytes > MOST_BYTES && count > 0) return count;
  }
  return bodies.length;
}
