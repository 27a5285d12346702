import type { HistoryPoint } from '../../core/contracts/history.ts';
import { MAX_HOLD_SECONDS } from '../../core/contracts/historyTerms.ts';

/** What was read and written a second. */
export interface IoRate {
  read: number;
  written: number;
}

/**
 * The rate of each point, in MB a second: over its step, or, of single snapshots, over the time to the next one, for which
 * the growth of the counts is. Undefined where that is not known: of the newest snapshot, and in front of a gap.
 */
export function ioRatesOf(points: readonly HistoryPoint[], stepSeconds: number): (IoRate | undefined)[] {
  return points.map(({ time, io }, i) => {
    const untilNext = (points[i + 1]?.time ?? Infinity) - time;
    const seconds = stepSeconds > 1 ? stepSeconds : untilNext;
    if (seconds > MAX_HOLD_SECONDS && stepSeconds === 1) return undefined;
    return { read: io.read_mb / seconds, written: io.write_mb / seconds };
  });
}
