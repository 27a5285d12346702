import type { ProcessSample } from '../contracts/snapshot.ts';

/** The process that uses most CPU; undefined where there is none. */
export function busiestProcess(processes: readonly ProcessSample[]): ProcessSample | undefined {
  let most: ProcessSample | undefined;
  for (const process of processes)
    if (most === undefined || process.cpu_percent > most.cpu_percent) most = process;
  return most;
}
