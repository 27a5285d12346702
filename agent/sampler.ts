import type { Snapshot } from '../core/contracts/snapshot.ts';

/** Measures this machine. CPU figures cover the time since the call before, so the first call only opens the window. */
export interface Sampler {
  /** Opens the first window. */
  open(): Promise<void>;
  /** @param timestamp of the snapshot, in epoch seconds */
  sample(timestamp: number): Promise<Snapshot>;
}
