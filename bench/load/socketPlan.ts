import type { Latency } from '../statistics.ts';

/** What the process of the sockets is told. */
export interface SocketPlan {
  port: number;
  /** Socket.IO clients, each subscribed to one agent; agents take turns. */
  subscribers: number;
  /** Clients of /ws/metrics, which get everything. */
  raw: number;
  agents: number;
}

/** Asks for what was received of the snapshots sent between two moments; answered with `received`. */
export interface SocketOrder {
  /** Every snapshot sent since the sockets are open, in the order of sending. */
  sendTimes: [figure: number, sentUs: number][];
  fromUs: number;
  toUs: number;
}

export type SocketReport = { report: 'open' } | ({ report: 'received' } & Received);

export interface Received {
  subscribers: Latency;
  raw: Latency;
  /** Deliveries that had not come some seconds after the last snapshot was sent. */
  missing: number;
}
