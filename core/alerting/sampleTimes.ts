/**
 * Times of snapshots, in whole epoch seconds, each once and in order, as runs: `first`, then for each run the step between
 * two of them and how often it comes. An agent that reports every two seconds is one run.
 */
export interface SampleTimes {
  readonly first: number;
  /** `[step, count, step, count, …]`; the times are one more than all counts together. Empty where there is one. */
  readonly runs: readonly number[];
  readonly last: number;
  readonly count: number;
}

export function timesOf(times: readonly number[]): SampleTimes | undefined {
  const [first] = times;
  if (first === undefined) return undefined;
  const runs: number[] = [];
  let last = first;
  for (const time of times.slice(1)) {
    pushStep(runs, time - last);
    last = time;
  }
  return { first, runs, last, count: times.length };
}

/** With a later one behind them. */
export function appended(times: SampleTimes | undefined, time: number): SampleTimes {
  if (times === undefined) return { first: time, runs: [], last: time, count: 1 };
  const runs = times.runs.slice();
  pushStep(runs, time - times.last);
  return { first: times.first, runs, last: time, count: times.count + 1 };
}

export function listTimes(times: SampleTimes | undefined): number[] {
  if (times === undefined) return [];
  const { first, runs } = times;
  const list = [first];
  let at = first;
  for (let run = 0; run < runs.length; run += 2)
    for (let left = runs[run + 1] ?? 0; left > 0; left -= 1) list.push((at += runs[run] ?? 0));
  return list;
}

/** Without those at or before a time; undefined where none is left. */
export function after(times: SampleTimes | undefined, time: number): SampleTimes | undefined {
  if (times === undefined || times.first > time) return times;
  if (times.last <= time) return undefined;
  let { first, count } = times;
  let run = 0;
  let step = times.runs[0] ?? 0;
  let left = times.runs[1] ?? 0;
  while (first <= time) {
    // The run's part at or before the time goes at once.
    const gone = Math.min(left, Math.floor((time - first) / step) + 1);
    first += gone * step;
    count -= gone;
    left -= gone;
    if (left === 0) {
      run += 2;
      step = times.runs[run] ?? 0;
      left = times.runs[run + 1] ?? 0;
    }
  }
  const runs = left === 0 ? [] : [step, left, ...times.runs.slice(run + 2)];
  return { first, runs, last: times.last, count };
}

/** The usual time between two of them, in seconds: the median. Undefined where there are fewer than two. */
export function usualInterval(times: SampleTimes | undefined): number | undefined {
  if (times === undefined || times.count < 2) return undefined;
  const { runs } = times;
  if (runs.length === 2) return runs[0];
  const counts = new Map<number, number>();
  for (let run = 0; run < runs.length; run += 2)
    counts.set(runs[run] ?? 0, (counts.get(runs[run] ?? 0) ?? 0) + (runs[run + 1] ?? 0));
  let before = 0;
  const steps = [...counts].sort(([a], [b]) => a - b);
  for (const [step, count] of steps) {
    before += count;
    if (before > (times.count - 1) / 2) return step;
  }
  return steps.at(-1)?.[0];
}

function pushStep(runs: number[], step: number): void {
  const end = runs.length;
  if (runs[end - 2] === step) runs[end - 1] = (runs[end - 1] ?? 0) + 1;
  else runs.push(step, 1);
}
