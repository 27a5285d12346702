import { performance } from 'node:perf_hooks';
import type { Lifecycle } from '../core/platform/lifecycle.ts';
import { createArrivalRate } from './arrivalRate.ts';

/** How often it is looked at how much of its time the event loop was at work. */
const LOOK_EVERY_MS = 200;

/** From this part of its time on it counts as full: of what comes, some waits. */
const FULL = 0.9;

/** Below this many snapshots a second, over the last seconds, it is not they that fill it. */
const FEW_PER_SECOND = 100;
const WINDOW_SECONDS = 3;

/** Whether snapshots want all that the event loop of this process has. */
export interface LoopWatch {
  /** Notes that so many snapshots were taken. */
  taken(snapshots: number): void;
  isBusy(): boolean;
}

/** Watches for as long as the process runs. */
export function startLoopWatch(lifecycle: Pick<Lifecycle, 'defer'>): LoopWatch {
  const arrivals = createArrivalRate(WINDOW_SECONDS, performance.now());
  let before = performance.eventLoopUtilization();
  let isBusy = false;
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const isFull = performance.eventLoopUtilization(now, before).utilization >= FULL;
    isBusy = isFull && arrivals.perSecond(performance.now()) >= FEW_PER_SECOND;
    before = now;
  }, LOOK_EVERY_MS);
  lifecycle.defer('watch of the event loop', () => clearInterval(timer));
  return {
    taken: (snapshots) => arrivals.add(snapshots, performance.now()),
    isBusy: () => isBusy,
  };
}
