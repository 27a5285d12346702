/** A point of the sparkline stands for this many seconds, of which it shows the highest value (core/contracts/agents.ts). */
export const STEP_SECONDS = 10;
export const POINTS = 30;

/** The highest CPU percent of each step, oldest first; the last one is step number `end` since 1970. */
export interface Spark {
  end: number;
  peaks: readonly (number | null)[];
}

export function stepOf(seconds: number): number {
  return Math.floor(seconds / STEP_SECONDS);
}

export function emptySpark(nowSeconds: number): Spark {
  return { end: stepOf(nowSeconds), peaks: Array.from({ length: POINTS }, () => null) };
}

/** The points as the API answers them: the last one is of the step under way. */
export function sparkOf(points: readonly (number | null)[], nowSeconds: number): Spark {
  return { end: stepOf(nowSeconds), peaks: points };
}

/** As it looks at a time: what has passed since its end is empty. */
export function sparkAt({ end, peaks }: Spark, nowSeconds: number): readonly (number | null)[] {
  const passed = stepOf(nowSeconds) - end;
  if (passed <= 0) return peaks;
  const kept = peaks.slice(Math.min(passed, POINTS));
  return [...kept, ...Array.from({ length: POINTS - kept.length }, () => null)];
}

/** With a value of a time: of a step that was left behind long ago nothing changes. */
export function withPeak(spark: Spark, percent: number, seconds: number): Spark {
  const end = Math.max(spark.end, stepOf(seconds));
  const peaks = [...sparkAt(spark, end * STEP_SECONDS)];
  const at = stepOf(seconds) - end + POINTS - 1;
  if (at < 0) return spark;
  peaks[at] = Math.max(peaks[at] ?? 0, percent);
  return { end, peaks };
}

/** What a sparkline says in words. */
export function sparkText(peaks: readonly (number | null)[]): string {
  const known = peaks.filter((peak) => peak !== null);
  if (known.length === 0) return 'CPU of the last 5 minutes: nothing received';
  const [low, high] = [Math.min(...known), Math.max(...known)].map(Math.round);
  return `CPU of the last 5 minutes: between ${low} and ${high} %`;
}
