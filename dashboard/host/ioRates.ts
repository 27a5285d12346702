import type { HistoryPoint } from '../../core/contracts/history.ts';
import { MAX_HOLD_SECONDS } from '../../core/contracts/historyTerms.ts';

/** What was read and written a second. */
export interface IoRate {
  read: number;
  written: number;
}

/**
 * The rate of each point, in MB a second: over its step; or, of a single snapshot, since the one before it, whose growth
 * until then is that one's. Undefined where it is not known: of the first snapshot, and behind a gap.
 */
export function ioRatesOf(points: readonly HistoryPoint[], stepSeconds: number): (IoRate | undefined)[] {
  return points.map((point, i) => {
    if (stepSeconds > 1) return rateOf(point.io, stepSeconds);
    const before = points[i - 1];
    const seconds = point.time - (before?.time ?? -Infinity);
    return before === undefined || seconds > MAX_HOLD_SECONDS ? undefined : rateOf(before.io, seconds);
  });
}

function rateOf({ read_mb, write_mb }: HistoryPoint['io'], seconds: number): IoRate {
  return { read: read_mb / seconds, written: write_mb / seconds };
}
