/** What the ledger client is to send; handed to its process as JSON. */
export interface LoadPlan {
  /** Where the service listens; requests take turns. */
  urls: string[];
  /** Names every agent of this load begins with. */
  agentPrefix: string;
  agents: number;
  /** Requests of one agent under way at a time. */
  lanes: number;
  /** New snapshots a second, all agents together. */
  perSecond: number;
  /** How often each snapshot is sent altogether, even though it was acknowledged: from, to. */
  copies: [number, number];
  /** Timestamp of every agent's first snapshot, in epoch seconds; each one after it is a second later. */
  startSeconds: number;
  /** Twelve processes with long names in each snapshot, where one small one is usual. */
  large?: boolean;
  seed: number;
  ledgerFile: string;
}

/** From the harness to the client. */
export type Order =
  | { order: 'rate'; perSecond: number }
  /** Names the time from here on, for the figures. */
  | { order: 'phase'; phase: string }
  /** No new snapshots: go on until all that were sent are acknowledged. */
  | { order: 'finish' };

/** From the client to the harness, twice a second. */
export interface Tally {
  attempted: number;
  acknowledged: number;
  /** Answers by status, `0` for none. */
  answers: Record<string, number>;
  done: boolean;
}

/** Of 60 snapshots of an agent these are hot: a window of 15 s, which makes one alert. */
export const CYCLE = 60;
export const HOT_FROM = 20;
export const HOT_BELOW = 35;

export function isHot(sequence: number): boolean {
  const place = sequence % CYCLE;
  return place >= HOT_FROM && place < HOT_BELOW;
}

/** The figure by which a snapshot is known again wherever it turns up: it stands in `system_memory_used_mb`. */
export function figureOf(agentIndex: number, sequence: number): number {
  return agentIndex * 10_000_000 + sequence;
}

/** The time in epoch ms with its fractions: the same clock in every process of this machine. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}
