import { median } from './statistics.ts';
import type { Usage } from './usage.ts';

/** What one run of one subject showed. */
export interface Measurement {
  /** Things done a second; what they are, the scenario says. */
  rate: number;
  /** What the CPU time was spent on, as often as it was done meanwhile. */
  count: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
  usage: Usage;
  /** What else was measured, by name with its unit. */
  figures: Record<string, number>;
  /** What makes these figures less than they seem. */
  warnings: string[];
}

export interface SubjectResult {
  subject: string;
  runs: Measurement[];
}

export interface ScenarioResult {
  scenario: string;
  title: string;
  /** What the rate counts. */
  unit: string;
  /** What CPU time is told for one of. */
  thing: string;
  /** Subjects the others are compared with, where they are among the results. */
  controls: string[];
  subjects: SubjectResult[];
  /** Why a subject, or all of it, was left out. */
  skipped: string[];
}

/** The medians over all runs of a subject, and how far apart the rates were. */
export interface Summary {
  subject: string;
  rate: number;
  lowest: number;
  highest: number;
  p50Ms: number;
  p99Ms: number;
  roles: { role: string; cpuSeconds: number; cores: number; microsecondsEach: number; peakMb: number }[];
  figures: Record<string, number>;
  warnings: string[];
}

export function summarise({ subject, runs }: SubjectResult): Summary {
  const middle = (of: (run: Measurement) => number) => median(runs.map(of));
  const rates = runs.map(({ rate }) => rate);
  const roles = [...new Set(runs.flatMap(({ usage }) => usage.roles.map(({ role }) => role)))];
  const figures = [...new Set(runs.flatMap((run) => Object.keys(run.figures)))];
  return {
    subject,
    rate: median(rates),
    lowest: Math.min(...rates),
    highest: Math.max(...rates),
    p50Ms: middle(({ p50Ms }) => p50Ms),
    p99Ms: middle(({ p99Ms }) => p99Ms),
    roles: roles.map((role) => {
      const of = (run: Measurement) => run.usage.roles.find((one) => one.role === role);
      const cpuSeconds = (run: Measurement) => of(run)?.cpuSeconds ?? 0;
      return {
        role,
        cpuSeconds: middle(cpuSeconds),
        cores: middle((run) => cpuSeconds(run) / run.seconds),
        microsecondsEach: middle((run) => (run.count === 0 ? 0 : (cpuSeconds(run) * 1e6) / run.count)),
        peakMb: middle((run) => of(run)?.peakMb ?? 0),
      };
    }),
    figures: Object.fromEntries(
      figures.map((name) => [name, median(runs.flatMap((run) => run.figures[name] ?? []))]),
    ),
    warnings: [...new Set(runs.flatMap(({ warnings }) => warnings))],
  };
}

/** How many times a control's rate it is; undefined where the control was not measured. */
export function ratioTo(summaries: readonly Summary[], subject: string, control: string): number | undefined {
  const rateOf = (name: string) => summaries.find((summary) => summary.subject === name)?.rate;
  const [rate, reference] = [rateOf(subject), rateOf(control)];
  return rate === undefined || reference === undefined || reference === 0 ? undefined : rate / reference;
}
