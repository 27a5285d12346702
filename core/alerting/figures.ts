import type { AlertCondition } from '../contracts/alerting/rule.ts';
import type { ProcessSample } from '../contracts/snapshot.ts';
import { boundedCpu, boundedMemory, boundedShare } from './bounds.ts';
import { compileGlob, hasWildcard, type GlobMatch } from './glob.ts';
import type { AlertingSample } from './sample.ts';

/**
 * What a condition sees in a snapshot: for each of the things it tells apart (processes by their pid, otherwise one thing
 * of key 0) its figure. Nothing where the figure is not there.
 */
export type Figures = readonly { key: number; value: number }[];

/** Conditions that see all they need in one snapshot. */
export type MomentaryCondition = Exclude<AlertCondition, { kind: 'agent_silent' | 'rate_of_change' }>;

/** Figures whose course is kept where a rule is about their change. */
export const COURSE_FIGURES = ['cpu', 'memory_percent', 'memory_mb'] as const;

export type CourseFigure = (typeof COURSE_FIGURES)[number];

const NONE: Figures = [];

const one = (value: number | undefined): Figures => (value === undefined ? NONE : [{ key: 0, value }]);

/** The figure of a snapshot as a course has it; undefined where it is not there. */
export function courseFigure(of: CourseFigure, sample: AlertingSample): number | undefined {
  if (of === 'cpu') return sample.cpuPercent;
  if (of === 'memory_mb') return memoryMb(sample);
  return memoryPercent(sample);
}

/** How a condition reads a snapshot. What is below `least` may be left out. */
export function compileFigures(
  condition: MomentaryCondition,
  least: number,
): (sample: AlertingSample) => Figures {
  switch (condition.kind) {
    case 'cpu':
      return ({ cpuPercent }) => one(cpuPercent);
    case 'memory':
      return condition.unit === 'mb'
        ? (sample) => one(memoryMb(sample))
        : (sample) => one(memoryPercent(sample));
    case 'process': {
      const matches = compileName(condition.process);
      const { of } = condition;
      return (sample) => one(total(sample.processes(), matches, of));
    }
    case 'process_missing': {
      const matches = compileName(condition.process);
      return (sample) => {
        const processes = sample.processes();
        return one(processes === undefined || processes.some(({ name }) => matches(name)) ? 0 : 1);
      };
    }
    case 'single_core_hog':
      return (sample) =>
        (sample.processes() ?? [])
          .filter(({ cpu_percent }) => cpu_percent >= least)
          .map(({ pid, cpu_percent }) => ({ key: pid, value: boundedCpu(cpu_percent) }));
  }
}

function memoryMb({ memoryUsedMb }: AlertingSample): number | undefined {
  return memoryUsedMb === undefined ? undefined : boundedMemory(memoryUsedMb);
}

function memoryPercent({ memoryUsedMb, memoryTotalMb }: AlertingSample): number | undefined {
  if (memoryUsedMb === undefined || memoryTotalMb === undefined || memoryTotalMb <= 0) return undefined;
  return boundedShare((100 * boundedMemory(memoryUsedMb)) / memoryTotalMb);
}

function total(
  processes: readonly ProcessSample[] | undefined,
  matches: GlobMatch,
  of: 'cpu' | 'memory',
): number | undefined {
  if (processes === undefined) return undefined;
  let sum = 0;
  for (const process of processes)
    if (matches(process.name))
      sum += of === 'cpu' ? boundedCpu(process.cpu_percent) : boundedMemory(process.memory_mb);
  return sum;
}

/** Names a pattern was matched with are remembered: the same dozen comes in every snapshot. */
const MAX_REMEMBERED = 2_000;

function compileName(pattern: string): GlobMatch {
  const matches = compileGlob(pattern);
  if (!hasWildcard(pattern)) return matches;
  const known = new Map<string, boolean>();
  return (name) => {
    let answer = known.get(name);
    if (answer === undefined) {
      if (known.size >= MAX_REMEMBERED) known.clear();
      known.set(name, (answer = matches(name)));
    }
    return answer;
  };
}
