import type { Findings } from './case.ts';
import type { Deliveries, Span } from './deliveries.ts';
import { quantile } from './redoTimes.ts';
import type { Phase } from './socketCourse.ts';

/** Most that the memory of the API may grow by while slow sockets hang on it, in MB. */
const MAX_GROWTH_MB = 50;

/** Most that the delay of the healthy may grow by (p99), where the phases without slow ones do not differ by more. */
const MAX_SLOWDOWN = 1.25;

/** What the scheduler of two shared cores adds to a p99 now and then. */
const NOISE_MS = 5;

/** Short enough that a hiccup of the machine spoils one of many, in ms. */
const WINDOW_MS = 4_000;

/** The windows of a phase, each judged by itself. */
export function windowsOf({ span: { from, to } }: Phase): Span[] {
  const count = Math.max(1, Math.floor((to - from) / WINDOW_MS));
  return Array.from({ length: count }, (_, i) => ({
    from: from + i * WINDOW_MS,
    to: i === count - 1 ? to : from + (i + 1) * WINDOW_MS,
  }));
}

const show = (values: readonly number[]) => values.map((value) => value.toFixed(0)).join(' ');

const median = (values: readonly number[]) => quantile(values, 0.5);

export function judgeDeliveries({ problems, figures }: Findings, found: Deliveries): void {
  const { expected, missed, doubled, foreign } = found;
  figures['deliveries'] = `${expected}, ${missed} missed, ${doubled} doubled, ${foreign} foreign`;
  if (missed + doubled + foreign > 0) problems.push(`live deliveries: ${figures['deliveries']}`);
  if (expected === 0) problems.push('nothing was delivered: this proves nothing');
}

/** @param quietWindows how many of the delays, from the first on, are of windows without slow sockets */
export function judgeDelays(
  { problems, figures }: Findings,
  { delays }: Deliveries,
  quietWindows: number,
): void {
  const p99s = delays.map((delay) => quantile(delay, 0.99));
  const p50s = delays.map((delay) => quantile(delay, 0.5));
  const [quiet, busy] = [p99s.slice(0, quietWindows), p99s.slice(quietWindows)];
  // What a quarter of the windows without slow sockets takes as well is noise; the longest alone would excuse anything.
  const limit = Math.max(MAX_SLOWDOWN * median(quiet), quantile(quiet, 0.75)) + NOISE_MS;
  figures['delay p99 ms'] =
    `healthy ${show([median(quiet)])} (${show(quiet)}), with slow ones ${show([median(busy)])} (${show(busy)})`;
  figures['delay p50 ms'] =
    `healthy ${show([median(p50s.slice(0, quietWindows))])}, with slow ones ${show([median(p50s.slice(quietWindows))])}`;
  if (median(busy) > limit)
    problems.push(`the healthy waited: ${figures['delay p99 ms']}, limit ${limit.toFixed(0)}`);
}

export function judgeMemory(
  { problems, figures }: Findings,
  quiet: readonly Phase[],
  slow: readonly Phase[],
): void {
  const cpu = (phases: readonly Phase[]) => show(phases.map(({ cpuPercent }) => cpuPercent));
  const grown = (phases: readonly Phase[]) => show(phases.map(({ grownMb }) => grownMb));
  figures['API CPU %'] = `healthy ${cpu(quiet)}, with slow ones ${cpu(slow)}`;
  // A heap grows between two full collections, whoever listens: what it grows by in a healthy phase is not the slow ones'.
  const drift = Math.max(...quiet.map(({ grownMb, span }) => grownMb / (span.to - span.from)));
  const beyond = slow.map(({ grownMb, span }) => Math.max(0, grownMb - drift * (span.to - span.from)));
  figures['API grew MB'] =
    `healthy ${grown(quiet)}, with slow ones ${grown(slow)}, of that beyond the drift ${show(beyond)}`;
  if (Math.max(...beyond) > MAX_GROWTH_MB)
    problems.push(`the API grew too much: ${figures['API grew MB']}, limit ${MAX_GROWTH_MB}`);
}
