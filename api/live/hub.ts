import type { Redis } from 'ioredis';
import { alertEventSchema, type AlertEvent } from '../../core/contracts/alert.ts';
import type { AgentStateEvent, LiveSnapshot } from '../../core/contracts/live.ts';
import type { AlertChange } from '../../core/contracts/alerting/alert.ts';
import { DEFAULT_AGENT_ID } from '../../core/contracts/snapshot.ts';
import { agentStateChannel, ALERT_CHANGES_CHANNEL } from '../../core/stores/keys.ts';
import { parseAgentStateEvent } from '../../core/stores/redis/agentStates.ts';
import { parseAlertChanges } from '../../core/stores/redis/openAlerts.ts';
import { parseRecord } from '../../core/stores/redis/timeline.ts';
import type { Logger } from '../../core/platform/logger.ts';
import { messageOf } from '../../core/errors.ts';

/** A published snapshot. */
export interface LiveMessage {
  /** The very text that was published. */
  json: string;
  /** What it says, read when first asked for; undefined where it cannot be read. */
  snapshot(): LiveSnapshot | undefined;
}

/** Whoever wants to hear what workers publish, on this node. */
export interface LiveListener {
  onSnapshot?(message: LiveMessage): void;
  onAlert?(event: AlertEvent): void;
  onAlertChanges?(changes: AlertChange[]): void;
  onAgentState?(event: AgentStateEvent): void;
}

/** How long to wait before a subscription that was refused is asked for again. */
const RETRY_MS = 2_000;

export interface LiveHub {
  add(listener: LiveListener): void;
}

/**
 * Hears the live channels once for the whole node. Every node hears everything and serves its own sockets, which costs
 * one subscription a node and needs no second message through the Socket.IO adapter (docs/decisions/0003).
 */
export function createLiveHub(
  subscriber: Redis,
  { metricsChannel, alertsChannel, log }: { metricsChannel: string; alertsChannel: string; log: Logger },
): LiveHub {
  const listeners: LiveListener[] = [];
  const agentsChannel = agentStateChannel(metricsChannel);

  subscriber.on('message', (channel: string, message: string) => {
    if (channel === metricsChannel) tellOfSnapshot(message);
    else if (channel === alertsChannel) tellOfAlert(message);
    else if (channel === agentsChannel) tellOfAgent(message);
    else if (channel === ALERT_CHANGES_CHANNEL) tellOfAlertChanges(message);
  });
  let told = false;
  let retry: NodeJS.Timeout | undefined;
  // It is in ioredis' offline queue until Redis can be reached, and taken up again after every reconnect; here where Redis
  // refuses it.
  function subscribe(): void {
    retry = undefined;
    subscriber.subscribe(metricsChannel, alertsChannel, agentsChannel, ALERT_CHANGES_CHANNEL).then(
      () => (told = false),
      (error: unknown) => {
        if (subscriber.status === 'end') return;
        if (!told) log.warn({ reason: messageOf(error) }, 'could not subscribe to the live channels yet');
        told = true;
        retry ??= setTimeout(subscribe, RETRY_MS).unref();
      },
    );
  }
  subscribe();
  subscriber.on('refused', () => (retry ??= setTimeout(subscribe, RETRY_MS).unref()));
  subscriber.once('end', () => clearTimeout(retry));

  function tellOfSnapshot(json: string): void {
    let read = false;
    let snapshot: LiveSnapshot | undefined;
    const message: LiveMessage = {
      json,
      snapshot() {
        if (!read) snapshot = readLive(json);
        read = true;
        return snapshot;
      },
    };
    for (const listener of listeners) listener.onSnapshot?.(message);
  }

  function tellOfAlert(json: string): void {
    const event = alertEventSchema.safeParse(parseJson(json)).data;
    if (event === undefined) return;
    for (const listener of listeners) listener.onAlert?.(event);
  }

  function tellOfAlertChanges(json: string): void {
    const changes = parseAlertChanges(json);
    if (changes === undefined) return;
    for (const listener of listeners) listener.onAlertChanges?.(changes);
  }

  function tellOfAgent(json: string): void {
    const event = parseAgentStateEvent(json);
    if (event === undefined) return;
    for (const listener of listeners) listener.onAgentState?.(event);
  }

  return { add: (listener) => void listeners.push(listener) };
}

function readLive(json: string): LiveSnapshot | undefined {
  const snapshot = parseRecord(json);
  return snapshot && { ...snapshot, agent_id: snapshot.agent_id ?? DEFAULT_AGENT_ID };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
