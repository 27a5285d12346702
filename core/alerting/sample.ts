import type { ProcessSample } from '../contracts/snapshot.ts';

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
