import type { AlertEvent } from '../../core/contracts/alert.ts';
import type { HistoryPoint } from '../../core/contracts/history.ts';
import { MAX_HOLD_SECONDS } from '../../core/contracts/historyTerms.ts';
import type { TopProcess } from '../../core/contracts/processes.ts';
import type { Snapshot } from '../../core/contracts/snapshot.ts';
import type { Client } from '../client/client.ts';
import type { TimeSpan } from './timeSpan.ts';

/** A stretch of time in which an alert was on. */
export interface AlertWindow {
  id: string;
  /** When it was first over the threshold, and when it had been for long enough: epoch seconds. */
  from: number;
  firedAt: number;
  threshold: number;
  message: string;
}

/** What of a host took the CPU while an alert was on. */
export type Culprit = Pick<TopProcess, 'name' | 'cpu_seconds' | 'share'>;

/** Furthest back the API has alerts, in minutes. */
export const ALERTS_REACH_MINUTES = 1_440;

/** How many culprits are named. */
const CULPRITS = 3;

/** The alerts of a host in a span, oldest first, as far back as the API has them. */
export async function alertWindows(
  client: Pick<Client, 'recentAlerts'>,
  agent: string,
  { from, to }: TimeSpan,
  { nowSeconds, signal }: { nowSeconds: number; signal: AbortSignal },
): Promise<AlertWindow[]> {
  const minutes = Math.min(Math.max(1, Math.ceil((nowSeconds - from) / 60) + 1), ALERTS_REACH_MINUTES);
  const events = await client.recentAlerts({ minutes }, { signal });
  return events.filter((event) => event.agent_id === agent && event.started_at < to).map(windowOf);
}

export function windowOf({ id, started_at, timestamp, threshold, message }: AlertEvent): AlertWindow {
  return { id, from: started_at, firedAt: timestamp, threshold, message };
}

/**
 * When the CPU was below the threshold again, as the course shows it: the first step that was not wholly above. Where the
 * course has a gap before that, it is the last that is known of it. Undefined while it goes on.
 *
 * @param until epoch seconds up to which there could be points
 */
export function endOf(
  { firedAt, threshold }: AlertWindow,
  points: readonly HistoryPoint[],
  { stepSeconds, until }: { stepSeconds: number; until: number },
): number | undefined {
  const patience = Math.max(MAX_HOLD_SECONDS, 2 * stepSeconds);
  let known = firedAt;
  for (const { time, cpu } of points) {
    if (time <= firedAt) continue;
    if (time - known > patience) return known;
    if (cpu.min < threshold) return time;
    known = time;
  }
  return until - known > patience ? known : undefined;
}

/**
 * The same of snapshots in memory, which know to the second what a long step of the course does not. Undefined where none
 * of them is later than the alert and below its threshold.
 */
export function endInMemory(
  { firedAt, threshold }: AlertWindow,
  snapshots: readonly Snapshot[],
): number | undefined {
  return snapshots.find(
    ({ timestamp, total_cpu_percent }) => timestamp > firedAt && total_cpu_percent < threshold,
  )?.timestamp;
}

/** Who took most of the CPU from the moment the alert began to its end. */
export async function culpritsOf(
  client: Pick<Client, 'topProcesses'>,
  agent: string,
  { from, to }: TimeSpan,
  signal: AbortSignal,
): Promise<Culprit[]> {
  const { processes } = await client.topProcesses(
    { agent, from, to: Math.max(to, from + 1), limit: CULPRITS },
    { signal },
  );
  return processes;
}
