import type { Options } from './options.ts';
import type { Measurement } from './results.ts';
import type { Ground } from './service.ts';

/** What a subject is measured with. */
export interface Bench {
  ground: Ground;
  options: Options;
  /** The bodies to send, one in each line. */
  snapshotsFile: string;
  progress: (text: string) => void;
}

export interface Subject {
  name: string;
  /** Resolves to a reason where it cannot be measured here. */
  measure(bench: Bench): Promise<Measurement | { skipped: string }>;
}

/** One question, asked of several subjects in turn, round after round. */
export interface Scenario {
  name: string;
  title: string;
  /** What the rate counts. */
  unit: string;
  /** What CPU time is told for one of. */
  thing: string;
  /** Names of the subjects the others are compared with. */
  controls: string[];
  subjects(options: Options): Subject[];
}
