import type { ProcessSample } from '../contracts/snapshot.ts';
import type { Sample } from './hold.ts';
import { cpuUnitsOf, growthUnitsOf, memoryUnitsOf } from './units.ts';

/** What all processes of one name did, in whole numbers. Several of a name in one snapshot count as their sum. */
export interface ProcessTotals {
  /** Snapshots that name it. */
  samples: number;
  /** Hundredths of a percent of one core, times the seconds they were held. */
  cpuUnits: number;
  /** Hundredths of a percent. */
  cpuSum: number;
  cpuPeak: number;
  /** Hundredths of an MB. */
  memorySum: number;
  memoryPeak: number;
  /** Hundredths of an MB that were read and written. */
  ioRead: number;
  ioWrite: number;
  /** Epoch seconds of the first and the last snapshot that names it. */
  firstSeconds: number;
  lastSeconds: number;
}

/** Longest name that is kept apart from others, in UTF-16 units: the rest of a longer one is not looked at. */
export const MAX_NAME_UNITS = 255;

/** The name under which a process is counted. */
export function countedName(name: string): string {
  if (name.length <= MAX_NAME_UNITS) return name;
  const cut = name.slice(0, MAX_NAME_UNITS);
  // Half a character is none that PostgreSQL takes.
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}

/** Counts the processes of a sample that is held for some seconds, and what they read and wrote until the next one. */
export function addProcesses(
  totals: Map<string, ProcessTotals>,
  { timestamp, top_processes }: Sample,
  held: number,
  next: Sample | undefined,
): void {
  const names = top_processes.map(({ name }) => countedName(name));
  for (const [place, name] of names.entries()) {
    if (names.indexOf(name) < place) continue;
    let [cpu, memory, read, written] = [0, 0, 0, 0];
    // By index: entries() would make an array for each process of each, which was most of the garbage of rolling up.
    for (let i = place; i < top_processes.length; i++) {
      const process = top_processes[i];
      if (process === undefined || names[i] !== name) continue;
      cpu += cpuUnitsOf(process.cpu_percent);
      memory += memoryUnitsOf(process.memory_mb);
      const later = next && sameProcess(process, next.top_processes, i);
      if (later === undefined) continue;
      read += growthUnitsOf(process.io_read_mb, later.io_read_mb);
      written += growthUnitsOf(process.io_write_mb, later.io_write_mb);
    }
    mergeTotals(totals, name, {
      samples: 1,
      cpuUnits: cpu * held,
      cpuSum: cpu,
      cpuPeak: cpu,
      memorySum: memory,
      memoryPeak: memory,
      ioRead: read,
      ioWrite: written,
      firstSeconds: timestamp,
      lastSeconds: timestamp,
    });
  }
}

/** The same process in the next snapshot, looked for first where it stood in this one. */
function sameProcess(
  { pid, name }: ProcessSample,
  later: ProcessSample[],
  likelyPlace: number,
): ProcessSample | undefined {
  const likely = later[likelyPlace];
  if (likely?.pid === pid && likely.name === name) return likely;
  return later.find((process) => process.pid === pid && process.name === name);
}

/** Adds what one name did, of which a copy is kept. */
export function mergeTotals(totals: Map<string, ProcessTotals>, name: string, other: ProcessTotals): void {
  const target = totals.get(name);
  if (target === undefined) return void totals.set(name, { ...other });
  target.samples += other.samples;
  target.cpuUnits += other.cpuUnits;
  target.cpuSum += other.cpuSum;
  target.cpuPeak = Math.max(target.cpuPeak, other.cpuPeak);
  target.memorySum += other.memorySum;
  target.memoryPeak = Math.max(target.memoryPeak, other.memoryPeak);
  target.ioRead += other.ioRead;
  target.ioWrite += other.ioWrite;
  target.firstSeconds = Math.min(target.firstSeconds, other.firstSeconds);
  target.lastSeconds = Math.max(target.lastSeconds, other.lastSeconds);
}
