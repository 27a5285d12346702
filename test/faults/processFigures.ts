import { readFileSync } from 'node:fs';

/** Memory a process holds, in MB: VmRSS of proc_pid_status(5). */
export function memoryMb(pid: number | undefined): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

/** Clock ticks in a second, as Linux tells them to programs on every architecture. */
const TICKS_PER_SECOND = 100;

/** Processor time a process has used, in seconds: utime and stime of proc_pid_stat(5). */
export function cpuSeconds(pid: number | undefined): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Behind the name, which is in brackets and may hold anything: field 3 is the first one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Most files this process, and those it starts, may open. */
export function openFilesLimit(): number {
  return Number(/Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
}
