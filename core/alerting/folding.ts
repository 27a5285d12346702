import { after, listTimes, type SampleTimes } from './sampleTimes.ts';

/** Most samples kept one by one: an agent that reports every second fills the lateness with 900. */
export const MAX_SAMPLES = 1_000;

export interface Fold {
  /** Time of the newest sample that is folded; undefined where none is. */
  at: number | undefined;
  /** Those that are kept. */
  rest: SampleTimes | undefined;
}

/** Which samples are decided for good: those before a time, and those that are more than is kept. */
export function foldAt(times: SampleTimes, keptFrom: number): Fold {
  let border = keptFrom - 1;
  if (times.count > MAX_SAMPLES)
    border = Math.max(border, listTimes(times)[times.count - MAX_SAMPLES - 1] ?? border);
  if (times.first > border) return { at: undefined, rest: times };
  const rest = after(times, border);
  // Only the newest of those that go is of interest; they are few each time.
  const gone = times.count - (rest?.count ?? 0);
  return { at: nthTime(times, gone - 1), rest };
}

function nthTime({ first, runs }: SampleTimes, place: number): number {
  let at = first;
  let left = place;
  for (let run = 0; run < runs.length && left > 0; run += 2) {
    const passed = Math.min(left, runs[run + 1] ?? 0);
    at += passed * (runs[run] ?? 0);
    left -= passed;
  }
  return at;
}
