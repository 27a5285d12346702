/** How far back the wall clock may step before its new time is believed rather than waited for. */
const CLOCK_STEP_LIMIT_MS = 120_000;

/**
 * The next tick, in epoch milliseconds: a multiple of the interval at least half an interval away. So ticks do not
 * drift, all agents sample at the same moments, and a tick that was missed (a stopped process, a laptop asleep) is
 * skipped instead of being made up for by a window too short to measure.
 */
export function nextTickMs(nowMs: number, intervalMs: number): number {
  return (Math.floor((nowMs + intervalMs / 2) / intervalMs) + 1) * intervalMs;
}

/**
 * Decides, when the timer for `dueMs` has fired, which tick it is; undefined means none. No two ticks have the same
 * time while the clock steps back by less than two minutes. Beyond that somebody has set it right, and an hour without
 * data would be worse than times that come twice.
 */
export function tickAt(dueMs: number, nowMs: number, intervalMs: number, lastMs: number): number | undefined {
  if (nowMs < dueMs - intervalMs / 2) return undefined;
  const tick = Math.max(dueMs, Math.floor(nowMs / intervalMs) * intervalMs);
  return tick <= lastMs && lastMs - tick < CLOCK_STEP_LIMIT_MS ? undefined : tick;
}

export interface TickerOptions {
  /** At least 1000, so that ticks differ in whole seconds. */
  intervalMs: number;
  /** @param epochSeconds whole seconds of the tick */
  onTick: (epochSeconds: number) => Promise<void>;
  /** Stops the ticking; a tick under way is finished. */
  signal: AbortSignal;
  /** Wall clock, in epoch milliseconds. */
  nowMs: () => number;
  /** Resolves after `ms`, or at once when the signal fires. */
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Calls `onTick` at every tick until stopped, one at a time. It must not throw: a failed sample is its own affair. */
export async function runTicker({ intervalMs, onTick, signal, nowMs, sleep }: TickerOptions): Promise<void> {
  let lastMs = -Infinity;
  while (!signal.aborted) {
    const startMs = nowMs();
    const dueMs = nextTickMs(startMs, intervalMs);
    await sleep(dueMs - startMs, signal);
    if (signal.aborted) return;
    const tick = tickAt(dueMs, nowMs(), intervalMs, lastMs);
    if (tick === undefined) continue;
    lastMs = tick;
    await onTick(Math.floor(tick / 1000));
  }
}
