interface CpuSample {
  timestamp: number;
  cpuPercent: number;
}

/** A window that reached its duration, with all of its extent. */
export interface ReferenceWindow {
  startedAt: number;
  firedAt: number;
  cpuPercent: number;
  lastAt: number;
}

/**
 * The rule in the words of the wire contract, for samples in order: a window opens at the first sample at or above the
 * threshold; when a sample in it is at least the duration after its start, one event fires; the next sample below the
 * threshold closes it.
 */
export function referenceWindows(
  samples: readonly CpuSample[],
  { threshold, durationSeconds }: { threshold: number; durationSeconds: number },
): ReferenceWindow[] {
  const fired: ReferenceWindow[] = [];
  let startedAt: number | undefined;
  let current: ReferenceWindow | undefined;
  for (const { timestamp, cpuPercent } of samples) {
    if (cpuPercent < threshold) {
      startedAt = current = undefined;
      continue;
    }
    startedAt ??= timestamp;
    if (current === undefined && timestamp - startedAt >= durationSeconds) {
      current = { startedAt, firedAt: timestamp, cpuPercent, lastAt: timestamp };
      fired.push(current);
    }
    if (current !== undefined) current.lastAt = timestamp;
  }
  return fired;
}
