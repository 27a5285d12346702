import type { Latency } from '../statistics.ts';

/** What the generator is told; handed to its process as JSON. */
export interface LoadPlan {
  /** Ports of the API on this machine; connections are spread over them. */
  ports: number[];
  connections: number;
  /** A file with one snapshot in each line; empty for `gets`. */
  snapshotsFile: string;
  agents: number;
  path: string;
  snapshotsARequest: number;
  /** Snapshots a second; 0: each connection sends as soon as it is answered. */
  perSecond: number;
  /** Waits with every snapshot until it is let through: see the order `allow`. */
  onAllowance: boolean;
  /** Keeps when each snapshot was sent. */
  keepSendTimes: boolean;
  /** Instead of snapshots: paths that are read, each in turn. */
  gets: string[];
}

/** From the harness to the generator. */
export type Order =
  | { order: 'start' }
  /** How many snapshots may be sent altogether, counted from the start. */
  | { order: 'allow'; snapshots: number }
  /** Figures count from here on. */
  | { order: 'begin' }
  /** To here; answered with `measured`. */
  | { order: 'end' }
  /** Nothing new; answered with `stopped` when every request is answered. */
  | { order: 'stop' };

/** From the generator to the harness. */
export type Report =
  | { report: 'connected'; snapshotBytes: number }
  /** Every 50 ms: snapshots acknowledged since the start. */
  | { report: 'acknowledged'; snapshots: number }
  | ({ report: 'measured' } & Measured)
  | ({ report: 'stopped' } & Stopped);

export interface Measured {
  seconds: number;
  /** Snapshots, or answers to reads. */
  acknowledged: number;
  /** Of the requests that were answered with 2xx, in ms. At a given rate, from when they were due. */
  latency: Latency;
  /** Answers by status. */
  answers: Record<string, number>;
  /** Times a request that was due had to wait for a connection, at a given rate. */
  late: number;
}

export interface Stopped {
  acknowledged: number;
  /** Figure of each snapshot and when it was sent, in microseconds of the monotonic clock that all processes share. */
  sendTimes: [figure: number, sentUs: number][];
}

/** Microseconds of CLOCK_MONOTONIC, which on Linux is the same in every process. */
export function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
