import { readFileSync } from 'node:fs';

/** What /proc counts CPU time in, on every Linux there is. */
export const TICKS_A_SECOND = 100;

/** CPU time that a process has used, by the kernel; with the name it goes by (proc(5)). */
export function cpuTicksOf(pid: number | undefined): { name: string; ticks: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const end = stat.lastIndexOf(')');
  const fields = stat.slice(end + 2).split(' ');
  return { name: stat.slice(stat.indexOf('(') + 1, end), ticks: Number(fields[11]) + Number(fields[12]) };
}
