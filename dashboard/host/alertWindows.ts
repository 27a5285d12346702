import type { AlertEvent } from '../../core/contracts/alert.ts';
import type { Alert, Culprit } from '../../core/contracts/alerting/alert.ts';
import type { BUILT_IN_RULE_ID } from '../../core/contracts/alerting/rule.ts';
import type { Client } from '../client/client.ts';
import { ApiError } from '../client/request.ts';
import { isWithoutHistory } from './resource.ts';
import type { TimeSpan } from './timeSpan.ts';

/** A stretch of time in which an alert was on. */
export interface AlertWindow {
  id: string;
  /** When its condition began to hold, and when it had for long enough: epoch seconds. */
  from: number;
  firedAt: number;
  /** When it was over: null while it goes on, undefined where it is not told. */
  resolvedAt: number | null | undefined;
  /** In percent of the CPU; undefined where the rule is about something else. */
  threshold: number | undefined;
  message: string;
  /** Undefined where it is not told who it was. */
  culprits: readonly Culprit[] | undefined;
}

export interface AlertWindows {
  windows: AlertWindow[];
  /** No alerts are kept: these are the contract's events, as far back as those reach. */
  eventsOnly: boolean;
}

/** Furthest back the API has the contract's events, in minutes. */
export const EVENTS_REACH_MINUTES = 1_440;

/** More of one host in one range nobody tells apart. */
const MOST = 500;

/** Of which it is known what its threshold is about. */
const CPU_RULE: typeof BUILT_IN_RULE_ID = 'cpu_threshold_duration';

interface ReadOptions {
  nowSeconds: number;
  signal: AbortSignal;
}

/** The alerts of a host in a span. @throws {ApiError} */
export async function alertWindows(
  client: Pick<Client, 'get'>,
  agent: string,
  { from, to }: TimeSpan,
  { nowSeconds, signal }: ReadOptions,
): Promise<AlertWindows> {
  try {
    const { alerts } = await client.get('/api/alerts', {
      query: { agent, state: ['firing', 'resolved'], from, to, limit: MOST },
      signal,
    });
    return { windows: windowsOf(alerts), eventsOnly: false };
  } catch (error) {
    if (!(error instanceof ApiError) || !isWithoutHistory(error)) throw error;
  }
  const minutes = Math.min(Math.max(1, Math.ceil((nowSeconds - from) / 60) + 1), EVENTS_REACH_MINUTES);
  const [events, { alerts }] = await Promise.all([
    client.get('/api/alerts/recent', { query: { minutes }, signal }),
    client.get('/api/alerts', { query: { agent, state: 'firing', limit: MOST }, signal }),
  ]);
  const fired = events
    .filter((event) => event.agent_id === agent && event.started_at < to)
    .map(windowOfEvent);
  // Of what fires still, more is known.
  return { windows: newestOf(fired, windowsOf(alerts)), eventsOnly: true };
}

/** Each alert once, as the later list has it. */
export function newestOf(known: readonly AlertWindow[], newer: readonly AlertWindow[]): AlertWindow[] {
  return [...new Map([...known, ...newer].map((window) => [window.id, window])).values()];
}

/** Those that fired: what is only pending is no alert yet. */
export function windowsOf(alerts: readonly Alert[]): AlertWindow[] {
  return alerts.flatMap(({ id, rule_id, started_at, fired_at, resolved_at, threshold, summary, culprits }) =>
    fired_at === null
      ? []
      : [
          {
            id,
            from: started_at,
            firedAt: fired_at,
            resolvedAt: resolved_at,
            threshold: rule_id === CPU_RULE ? (threshold ?? undefined) : undefined,
            message: summary,
            culprits,
          },
        ],
  );
}

function windowOfEvent({ id, started_at, timestamp, threshold, message }: AlertEvent): AlertWindow {
  return {
    id,
    from: started_at,
    firedAt: timestamp,
    resolvedAt: undefined,
    threshold,
    message,
    culprits: undefined,
  };
}
