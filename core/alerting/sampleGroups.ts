import { NO_DATA_FLOOR_MS } from './staleness.ts';
import { GAP_INTERVALS } from './replay.ts';
import type { AlertingSample } from './sample.ts';
import { usualInterval, type SampleTimes } from './sampleTimes.ts';

/** Most samples of a group: those of the 15 minutes before are gone through once for all of them. */
const MAX_GROUP = 100;

/**
 * How many of these samples, in the order of time, can be evaluated at once with the outcome they have one by one: those
 * between which nothing is a gap or silence, among which no gap before becomes none or the other way round, and of which no
 * two are of one second: the first may have been published before the second. At least one, where there is one.
 *
 * @param times of the samples before
 * @param silentSeconds how long nothing has to come for a rule about that; Infinity where there is none
 */
export function groupSamples(
  samples: readonly AlertingSample[],
  times: SampleTimes | undefined,
  silentSeconds: number,
): number {
  const usualSeconds = usualInterval(times);
  if (times === undefined || usualSeconds === undefined) return Math.min(samples.length, 1);
  const steps = times.runs.filter((_, place) => place % 2 === 0);
  let before = times.last;
  // Being a median, the usual interval stays between these, whatever it comes to be among the samples.
  let shortest = usualSeconds;
  let longest = usualSeconds;
  let count = 0;
  for (const { timestamp } of samples.slice(0, MAX_GROUP)) {
    const step = timestamp - before;
    shortest = Math.min(shortest, step);
    longest = Math.max(longest, step);
    const [gap, longestGap] = [GAP_INTERVALS * shortest, GAP_INTERVALS * longest];
    const isSilence = step >= Math.max(gap, NO_DATA_FLOOR_MS / 1000) || step >= silentSeconds;
    if (step < 1 || longest > gap || isSilence) break;
    if (steps.some((known) => known > gap && known <= longestGap)) break;
    before = timestamp;
    count += 1;
  }
  return Math.max(count, Math.min(samples.length, 1));
}
