import { createArrivalRate } from '../http/rate.ts';

/** Over how long the mean is taken: long enough for the bursts of agents that report at the same second. */
const WINDOW_SECONDS = 3;

/**
 * From so many on, snapshots keep the event loop as busy as it can be. At the rate of a thousand agents (500 a second, 2 to
 * 13 ms each) there are one to six, with all that it can take some thirty.
 */
const MANY = 16;

/** How many snapshots are in flight between their request and its answer. */
export interface InFlight {
  /** Notes that so many were enqueued together, and how long that took. */
  enqueued(snapshots: number, seconds: number): void;
  /** Whether there are so many that other work should wait for them. */
  isMany(): boolean;
}

/** On the mean of the last seconds they are those that come in a second, times the seconds each takes (Little's law). */
export function createInFlight(nowMs: () => number = () => performance.now()): InFlight {
  const inFlight = createArrivalRate(WINDOW_SECONDS, nowMs());
  return {
    enqueued: (snapshots, seconds) => inFlight.add(snapshots * seconds, nowMs()),
    isMany: () => inFlight.perSecond(nowMs()) >= MANY,
  };
}
