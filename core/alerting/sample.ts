import { MAX_CORES, type ProcessSample } from '../contracts/snapshot.ts';

/** What rules look at in a snapshot of one agent. */
export interface AlertingSample {
  /** Epoch seconds, the snapshot's own. */
  timestamp: number;
  /** 0..100 */
  cpuPercent: number;
  /** Both undefined where the job it came in did not carry them. */
  memoryUsedMb: number | undefined;
  memoryTotalMb: number | undefined;
  /** Asked for only where a rule needs them, because unpacking them takes most of the time; undefined where they cannot be read. */
  processes(): readonly ProcessSample[] | undefined;
  /** When it was received, by the clock all processes share; undefined where nobody said. */
  receivedAtMs: number | undefined;
}

/**
 * What a condition sees in a snapshot: for each of the things it tells apart (processes by their pid, otherwise one thing
 * of key 0) its figure. Nothing where the figure is not there.
 */
export type Figures = readonly { key: number; value: number }[];

/** A figure at or above where its rule begins to care. Of a time with a sample and without a reading it is below. */
export interface Reading {
  at: number;
  /** What the condition tells apart: a pid, or 0. */
  key: number;
  value: number;
}

const NONE: Figures = [];

/** Of a condition that tells nothing apart. */
export function oneFigure(value: number | undefined): Figures {
  return value === undefined ? NONE : [{ key: 0, value }];
}

/** Figures of which a series is kept where a rule is about their change. */
export const SERIES_FIGURES = ['cpu', 'memory_percent', 'memory_mb'] as const;

export type SeriesFigure = (typeof SERIES_FIGURES)[number];

/** The figure of a snapshot as a series has it; undefined where it is not there. */
export function seriesFigure(of: SeriesFigure, sample: AlertingSample): number | undefined {
  if (of === 'cpu') return sample.cpuPercent;
  return of === 'memory_mb' ? memoryMb(sample) : memoryPercent(sample);
}

export function memoryMb({ memoryUsedMb }: AlertingSample): number | undefined {
  return memoryUsedMb === undefined ? undefined : boundedMemory(memoryUsedMb);
}

export function memoryPercent({ memoryUsedMb, memoryTotalMb }: AlertingSample): number | undefined {
  if (memoryUsedMb === undefined || memoryTotalMb === undefined || memoryTotalMb <= 0) return undefined;
  return Math.min((100 * boundedMemory(memoryUsedMb)) / memoryTotalMb, MAX_PERCENT);
}

// The schema of a snapshot admits any figure. Cut to what no host reaches, sums over a window stay finite: JSON has no
// infinity, and a state with one could not be read back.

/** All cores of the largest host there can be. */
const MAX_CPU_PERCENT = MAX_CORES * 100;

/** As much as the history counts. */
const MAX_MEMORY_MB = 21_000_000;

/** More than all of it is no figure, but it is no reason to lose the others. */
const MAX_PERCENT = 10_000;

export function boundedCpu(percent: number): number {
  return Math.min(percent, MAX_CPU_PERCENT);
}

export function boundedMemory(megabytes: number): number {
  return Math.min(megabytes, MAX_MEMORY_MB);
}
