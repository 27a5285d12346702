import { boundedCpu, boundedMemory } from './sample.ts';
import { MAX_CULPRITS, type Culprit } from '../contracts/alerting/alert.ts';
import type { ProcessSample } from '../contracts/snapshot.ts';

/** What processes of one name took in the samples of a window. */
export interface NameSums {
  name: string;
  /** The pid that most of it falls to, and by how much it leads (the majority vote of Boyer and Moore). */
  pid: number;
  lead: number;
  /** Sums over samples: percent of one core, MB. */
  cpu: number;
  memory: number;
  peakCpu: number;
  peakMemory: number;
}

/** The same of all names, of which those with least are let go past `MAX_NAMES`. */
export interface CulpritSums {
  samples: number;
  /** Of everything reported, also of names that were let go. */
  cpu: number;
  memory: number;
  names: readonly NameSums[];
}

export const NO_SUMS: CulpritSums = Object.freeze({ samples: 0, cpu: 0, memory: 0, names: [] });

/** Names remembered of a window, however long it is: two snapshots' worth, of which an alert names five. */
const MAX_NAMES = 24;

/** With what a sample reports. The order of samples does not matter for sums and peaks. */
export function withProcesses(
  sums: CulpritSums,
  processes: readonly ProcessSample[] | undefined,
  byMemory: boolean,
): CulpritSums {
  if (processes === undefined) return sums;
  const names = new Map(sums.names.map((one) => [one.name, one]));
  let { cpu, memory } = sums;
  for (const [name, own] of byName(processes)) {
    cpu += own.cpu;
    memory += own.memory;
    const known = names.get(name);
    names.set(name, known === undefined ? own : merge(known, own));
  }
  let kept = [...names.values()];
  if (kept.length > MAX_NAMES) kept = ranked(kept, byMemory).slice(0, MAX_NAMES);
  return { samples: sums.samples + 1, cpu, memory, names: kept };
}

/**
 * Those that took most, first.
 *
 * @param intervalSeconds how long each sample stands for
 */
export function culpritsOf(
  sums: CulpritSums | undefined,
  byMemory: boolean,
  intervalSeconds: number,
): Culprit[] {
  if (sums === undefined) return [];
  const whole = byMemory ? sums.memory : sums.cpu;
  return ranked(sums.names, byMemory)
    .slice(0, MAX_CULPRITS)
    .map(({ name, pid, cpu, memory, peakCpu, peakMemory }) => ({
      name,
      pid,
      cpu_seconds: round((cpu / 100) * intervalSeconds, 100),
      share: whole > 0 ? round((byMemory ? memory : cpu) / whole, 1_000) : 0,
      peak_cpu_percent: round(peakCpu, 100),
      peak_memory_mb: round(peakMemory, 100),
    }));
}

/** Processes of one name count together; the pid is that of the biggest. */
function byName(processes: readonly ProcessSample[]): Map<string, NameSums> {
  const names = new Map<string, NameSums>();
  for (const { name, pid, cpu_percent, memory_mb } of processes) {
    const [cpu, memory] = [boundedCpu(cpu_percent), boundedMemory(memory_mb)];
    const own = { name, pid, lead: cpu, cpu, memory, peakCpu: cpu, peakMemory: memory };
    const other = names.get(name);
    names.set(
      name,
      other === undefined
        ? own
        : {
            ...(cpu > other.lead ? own : other),
            cpu: cpu + other.cpu,
            memory: memory + other.memory,
            peakCpu: cpu + other.cpu,
            peakMemory: memory + other.memory,
          },
    );
  }
  return names;
}

function merge(a: NameSums, b: NameSums): NameSums {
  const lead = a.pid === b.pid ? a.lead + b.lead : a.lead - b.lead;
  return {
    name: a.name,
    pid: lead < 0 ? b.pid : a.pid,
    lead: Math.abs(lead),
    cpu: a.cpu + b.cpu,
    memory: a.memory + b.memory,
    peakCpu: Math.max(a.peakCpu, b.peakCpu),
    peakMemory: Math.max(a.peakMemory, b.peakMemory),
  };
}

function ranked(names: readonly NameSums[], byMemory: boolean): NameSums[] {
  return names.toSorted(
    (a, b) => (byMemory ? b.memory - a.memory : b.cpu - a.cpu) || (a.name < b.name ? -1 : 1),
  );
}

function round(value: number, steps: number): number {
  return Math.round(value * steps) / steps;
}
