import type { ProcessSample, Snapshot } from '../core/contracts/snapshot.ts';
import type { Sampler } from './sampler.ts';
import { pickTop, twoDecimals, type Ranked } from './topProcesses.ts';

const BYTES_PER_MB = 1024 * 1024;
const KB_PER_MB = 1024;

/** The part of the systeminformation package that is used here. */
export interface SystemInformation {
  currentLoad(): Promise<{ currentLoad: number; cpus: { load: number }[] }>;
  /** In bytes. */
  mem(): Promise<{ total: number; available: number }>;
  processes(): Promise<{ list: SystemProcess[] }>;
}

export interface SystemProcess {
  pid: number;
  name: string;
  /** Percent: of one core on macOS and the BSDs (it is that of `ps`), of all cores together elsewhere. */
  cpu: number;
  /** In KB. */
  memRss: number;
}

interface Candidate extends Ranked {
  name: string;
}

/** The platform has no /proc and the package that stands in for it is missing: the message tells what to do. */
export class NoSamplerError extends Error {
  override readonly name = 'NoSamplerError';
}

/** Loads the optional package, only here and only where there is no /proc. */
export async function loadSystemInformation(): Promise<SystemInformation> {
  try {
    return await import('systeminformation');
  } catch (error) {
    throw new NoSamplerError(
      'this system has no /proc, and the optional package that measures it otherwise is not installed: ' +
        'run `npm install --include=optional` (it brings systeminformation)',
      { cause: error },
    );
  }
}

/**
 * Samples a machine without /proc (macOS, Windows). It starts helper programs for every reading, so use an interval of
 * several seconds. Threads, I/O and handles of a process are not to be had this way and stay 0.
 */
export function createSystemSampler(system: SystemInformation, platform: NodeJS.Platform): Sampler {
  async function readAll() {
    const [load, memory, processes] = await Promise.all([
      system.currentLoad(),
      system.mem(),
      system.processes(),
    ]);
    return { load, memory, list: processes.list };
  }

  return {
    async open() {
      // Load and processes are differences to the call before: the first one only sets the mark.
      await readAll();
    },
    async sample(timestamp): Promise<Snapshot> {
      const { load, memory, list } = await readAll();
      const coreFactor = platform === 'win32' ? Math.max(load.cpus.length, 1) : 1;
      return {
        timestamp,
        total_cpu_percent: percentOfWhole(load.currentLoad),
        per_core_cpu_percent: load.cpus.map((core) => percentOfWhole(core.load)),
        system_memory_total_mb: nonNegative(memory.total / BYTES_PER_MB),
        system_memory_used_mb: nonNegative((memory.total - memory.available) / BYTES_PER_MB),
        top_processes: pickTop(toCandidates(list, coreFactor)).map(toSample),
      };
    },
  };
}

function toCandidates(list: SystemProcess[], coreFactor: number): Candidate[] {
  return (
    list
      // Pid 0 is Windows' "System Idle Process": what nobody used is not somebody's use.
      .filter(({ pid }) => Number.isInteger(pid) && pid > 0)
      .map(({ pid, name, cpu, memRss }) => ({
        pid,
        name: name.toWellFormed().replaceAll('\u0000', '\uFFFD'),
        cpuPercent: nonNegative(cpu * coreFactor),
        memoryMb: nonNegative(memRss / KB_PER_MB),
      }))
  );
}

function toSample({ pid, name, cpuPercent, memoryMb }: Candidate): ProcessSample {
  return {
    pid,
    name,
    cpu_percent: cpuPercent,
    memory_mb: memoryMb,
    thread_count: 0,
    io_read_mb: 0,
    io_write_mb: 0,
    handle_count: 0,
  };
}

/** The package answers NaN, null or undefined where a helper program failed. */
function nonNegative(value: number): number {
  return Number.isFinite(value) && value > 0 ? twoDecimals(value) : 0;
}

function percentOfWhole(value: number): number {
  return Math.min(nonNegative(value), 100);
}
