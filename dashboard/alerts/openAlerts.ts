import type { Alert, AlertChange } from '../../core/contracts/alerting/alert.ts';
import { SEVERITY_ORDER } from './severities.ts';
import type { AlertView } from '../../core/contracts/alerting/views.ts';

/** What is pending or fires, and what was heard to be over: an answer that was on its way meanwhile may not know. */
export interface OpenAlerts {
  byId: ReadonlyMap<string, AlertView>;
  /** Of those that are over, the last revision. */
  over: ReadonlyMap<string, number>;
}

export const NO_ALERTS: OpenAlerts = { byId: new Map(), over: new Map() };

/** With changes as they are told live: in any order, and some of them twice. What was done about an alert stays. */
export function withChanges(known: OpenAlerts, changes: readonly AlertChange[]): OpenAlerts {
  const byId = new Map(known.byId);
  const over = new Map(known.over);
  for (const { change, alert } of changes) {
    const before = byId.get(alert.id);
    if (alert.revision <= Math.max(before?.revision ?? 0, over.get(alert.id) ?? 0)) continue;
    if (change === 'resolved' || change === 'dropped') {
      byId.delete(alert.id);
      over.set(alert.id, alert.revision);
    } else byId.set(alert.id, { ...NOTHING_DONE, ...before, ...alert });
  }
  return { byId, over };
}

const NOTHING_DONE: Pick<AlertView, 'acknowledged' | 'silenced_by'> = { acknowledged: null, silenced_by: [] };

/**
 * With all that is open by an answer of the API.
 *
 * @param heard ids of what was told of since the answer was asked for: of those the newer word counts
 */
export function withAnswer(
  known: OpenAlerts,
  answered: readonly AlertView[],
  heard: ReadonlySet<string>,
): OpenAlerts {
  const byId = new Map([...known.byId].filter(([id]) => heard.has(id)));
  for (const alert of answered) {
    const before = known.byId.get(alert.id);
    if ((known.over.get(alert.id) ?? 0) >= alert.revision) continue;
    const isBehind = before !== undefined && before.revision > alert.revision;
    const { acknowledged, silenced_by } = alert;
    byId.set(alert.id, isBehind ? { ...before, acknowledged, silenced_by } : alert);
  }
  return { byId, over: new Map([...known.over].filter(([id]) => heard.has(id))) };
}

/** Whether somebody sees to it, or wanted not to be told of it. */
export function isHandled({ acknowledged, silenced_by }: AlertView): boolean {
  return acknowledged !== null || silenced_by.length > 0;
}

/** What fires: first what nobody sees to, the gravest of that, the newest of those. */
export function firingIn({ byId }: OpenAlerts): AlertView[] {
  return [...byId.values()]
    .filter(({ state }) => state === 'firing')
    .sort(
      (a, b) =>
        Number(isHandled(a)) - Number(isHandled(b)) ||
        SEVERITY_ORDER[b.severity] - SEVERITY_ORDER[a.severity] ||
        firedOf(b) - firedOf(a) ||
        (a.id < b.id ? -1 : 1),
    );
}

/** What may fire soon, the newest first. */
export function pendingIn({ byId }: OpenAlerts): AlertView[] {
  return [...byId.values()]
    .filter(({ state }) => state === 'pending')
    .sort((a, b) => b.started_at - a.started_at || (a.id < b.id ? -1 : 1));
}

function firedOf({ fired_at, started_at }: Alert): number {
  return fired_at ?? started_at;
}
