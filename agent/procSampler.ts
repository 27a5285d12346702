import { execFileSync } from 'node:child_process';
import type { ProcessSample, Snapshot } from '../core/contracts/snapshot.ts';
import { cpuPercent, perCorePercent, processCpuPercent } from './cpuUsage.ts';
import { countOpenFiles, createProcReader, listPids, tellsOpenFilesBySize } from './procFile.ts';
import {
  parseMemory,
  parseProcessIo,
  parseProcessStat,
  parseSystemCpu,
  parseUptimeSeconds,
  type ProcessStat,
  type SystemCpuTimes,
} from './procStat.ts';
import type { Sampler } from './sampler.ts';
import { pickTop, twoDecimals, type Ranked } from './topProcesses.ts';

const BYTES_PER_MB = 1024 * 1024;
const USUAL_PAGE_BYTES = 4096;

interface Reading {
  cpu: SystemCpuTimes;
  processes: Map<number, ProcessStat>;
  /** Monotonic, in seconds. */
  at: number;
}

interface Candidate extends Ranked {
  stat: ProcessStat;
}

export interface ProcSamplerOptions {
  /** Where the proc file system is mounted. */
  root: string;
  pageSizeBytes: number;
  /** Monotonic milliseconds. */
  nowMs?: () => number;
}

/** Samples a Linux machine by reading its proc file system. */
export function createProcSampler({ root, pageSizeBytes, nowMs }: ProcSamplerOptions): Sampler {
  const monotonicMs = nowMs ?? (() => performance.now());
  const reader = createProcReader();
  const openFilesBySize = tellsOpenFilesBySize(root);
  let before: Reading | undefined;

  const readText = (path: string) => reader.read(`${root}/${path}`)?.toString('latin1') ?? '';

  function readAll(): Reading {
    const at = monotonicMs() / 1000;
    const cpu = parseSystemCpu(readText('stat'));
    if (cpu === undefined) throw new Error(`${root}/stat holds no cpu line`);
    const processes = new Map<number, ProcessStat>();
    for (const pid of listPids(root)) {
      const bytes = reader.read(`${root}/${pid}/stat`);
      const stat = bytes && parseProcessStat(bytes);
      if (stat) processes.set(stat.pid, stat);
    }
    return { cpu, processes, at };
  }

  function rank(last: Reading, now: Reading): Candidate[] {
    const window = {
      elapsedSeconds: now.at - last.at,
      uptimeSeconds: parseUptimeSeconds(readText('uptime')),
    };
    const candidates: Candidate[] = [];
    for (const stat of now.processes.values()) {
      candidates.push({
        pid: stat.pid,
        cpuPercent: processCpuPercent(last.processes.get(stat.pid), stat, window),
        memoryMb: (stat.rssPages * pageSizeBytes) / BYTES_PER_MB,
        stat,
      });
    }
    return candidates;
  }

  /** Adds what is read only for the few that are reported: on a full machine it would double the cost for all. */
  function describe({ stat, cpuPercent: percent, memoryMb }: Candidate): ProcessSample {
    const io = parseProcessIo(readText(`${stat.pid}/io`));
    return {
      pid: stat.pid,
      name: stat.name,
      cpu_percent: twoDecimals(percent),
      memory_mb: twoDecimals(memoryMb),
      thread_count: stat.threads,
      io_read_mb: twoDecimals(io.readBytes / BYTES_PER_MB),
      io_write_mb: twoDecimals(io.writeBytes / BYTES_PER_MB),
      handle_count: countOpenFiles(`${root}/${stat.pid}`, openFilesBySize),
    };
  }

  return {
    async open() {
      before = readAll();
    },
    async sample(timestamp): Promise<Snapshot> {
      const now = readAll();
      const last = before ?? now;
      before = now;
      const memory = parseMemory(readText('meminfo'));
      return {
        timestamp,
        total_cpu_percent: twoDecimals(cpuPercent(last.cpu.all, now.cpu.all)),
        per_core_cpu_percent: perCorePercent(last.cpu, now.cpu).map(twoDecimals),
        system_memory_total_mb: twoDecimals(memory.totalMb),
        system_memory_used_mb: twoDecimals(memory.usedMb),
        top_processes: pickTop(rank(last, now)).map(describe),
      };
    },
  };
}

/** The machine's page size in bytes; 4096 where nobody can tell. */
export function readPageSizeBytes(): number {
  try {
    const bytes = Number(
      execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
    return Number.isInteger(bytes) && bytes > 0 ? bytes : USUAL_PAGE_BYTES;
  } catch {
    return USUAL_PAGE_BYTES;
  }
}
