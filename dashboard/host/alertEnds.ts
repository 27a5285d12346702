import type { HistoryPoint } from '../../core/contracts/history.ts';
import { MAX_HOLD_SECONDS } from '../../core/contracts/historyTerms.ts';
import type { Snapshot } from '../../core/contracts/snapshot.ts';

// Where no alerts are kept (no PostgreSQL), the events of the contract tell when one fired, and not when it was over.

/** An alert of the contract's rule. */
interface Fired {
  /** Epoch seconds. */
  firedAt: number;
  /** In percent. */
  threshold: number;
}

/**
 * When the CPU was below the threshold again, as the series shows it: the first step that was not wholly above. Where the
 * series has a gap before that, it is the last that is known of it. Undefined while it goes on.
 *
 * @param until epoch seconds up to which there could be points
 */
export function endOf(
  { firedAt, threshold }: Fired,
  points: readonly HistoryPoint[],
  { stepSeconds, until }: { stepSeconds: number; until: number },
): number | undefined {
  const patience = Math.max(MAX_HOLD_SECONDS, 2 * stepSeconds);
  let known = firedAt;
  for (const { time, cpu } of points) {
    if (time <= firedAt) continue;
    if (time - known > patience) return known;
    if (cpu.min < threshold) return time;
    known = time;
  }
  return until - known > patience ? known : undefined;
}

/**
 * The same of snapshots in memory, which know to the second what a long step of the series does not. Undefined where none
 * of them is later than the alert and below its threshold.
 */
export function endInMemory(
  { firedAt, threshold }: Fired,
  snapshots: readonly Snapshot[],
): number | undefined {
  return snapshots.find(
    ({ timestamp, total_cpu_percent }) => timestamp > firedAt && total_cpu_percent < threshold,
  )?.timestamp;
}
