import type { AlertChange } from '../../contracts/alerting/alert.ts';
import type { AlertEntry } from '../../contracts/alerting/record.ts';

/** An entry as its row is written. */
export interface EntryRow extends AlertEntry {
  alert_id: string;
  agent_id: string;
  /** Says what it is told of: of an alert there is one of each. */
  key: string;
}

/**
 * What a change of an alert adds to its timeline. That it fired and is over, and since when nothing was heard of its agent;
 * evidence that grows is no news. A change that comes again has the same keys.
 */
export function entriesOf({ alert }: AlertChange): EntryRow[] {
  if (alert.fired_at === null) return [];
  const { id, agent_id, no_data_since: silentSince } = alert;
  const row = (
    key: string,
    kind: AlertEntry['kind'],
    atMs: number,
    detail: AlertEntry['detail'],
  ): EntryRow => ({
    alert_id: id,
    agent_id,
    key,
    at_ms: atMs,
    kind,
    by: null,
    detail,
  });
  const { value, threshold, peak, average, duration_seconds, decided_at_ms } = alert;
  if (alert.state === 'resolved')
    return [row('resolved', 'resolved', decided_at_ms, { peak, average, duration_seconds })];
  const firing = row('firing', 'firing', decided_at_ms, {
    value,
    threshold,
    rule_version: alert.rule_version,
  });
  if (silentSince === null) return [firing];
  return [firing, row(`no_data:${silentSince}`, 'no_data', silentSince * 1000, { since: silentSince })];
}
