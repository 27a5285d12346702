/** A group of sockets that are alike; the socket client opens and watches it. */
export interface SocketGroup {
  name: string;
  kind: 'socket.io' | 'websocket';
  url: string;
  count: number;
  /**
   * What each socket in turn subscribes to: some agents, all of them, or none. `/ws/metrics` has no subscriptions: every
   * socket of it gets every snapshot.
   */
  subscriptions: readonly ('*' | string[] | undefined)[];
}

/** From the harness to the socket client. */
export type SocketOrder =
  | { order: 'open'; group: SocketGroup }
  /** Stops reading from the TCP connections of a group, as a client does that hangs. */
  | { order: 'pause'; name: string }
  | { order: 'resume'; name: string }
  | { order: 'close'; name: string }
  /** Writes down what came in so far, and ends. */
  | { order: 'finish' };

/** How a group stands. */
export interface GroupState {
  /** Number of its first socket, by which its arrivals are known. */
  first: number;
  opened: number;
  /** Of those opened, how many the server (not we) ended, by close code and reason. */
  ended: Record<string, number>;
  failed: Record<string, number>;
}

export interface SocketReport {
  groups: Record<string, GroupState>;
  done: boolean;
}

/**
 * One arrival in the file of the socket client, as this many 64-bit floats: number of the socket, figure of the
 * snapshot (`figureOf`), time in epoch ms.
 */
export const FLOATS_PER_ARRIVAL = 3;
