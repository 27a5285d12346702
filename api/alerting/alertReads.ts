import { createSilencing, type Silencing } from '../../core/alerting/silencing.ts';
import type { Alert, AlertState } from '../../core/contracts/alerting/alert.ts';
import type { Acknowledgement } from '../../core/contracts/alerting/silence.ts';
import type { AlertDetail, AlertView } from '../../core/contracts/alerting/views.ts';
import type { AcknowledgementStore } from '../../core/stores/redis/acknowledgements.ts';
import { entriesOf } from '../../core/stores/postgres/alertEntries.ts';
import type { AlertFilter, AlertPlace, AlertRecordStore } from '../../core/stores/postgres/alertRecords.ts';
import type { OpenAlertStore } from '../../core/stores/redis/openAlerts.ts';
import { orRedisUnavailable } from '../http/redisUnavailable.ts';
import type { AlertingSettingsAccess } from './settings.ts';

/** Every alert there is: those that are open from Redis, which knows them first, and all that fired from PostgreSQL. */
export interface AlertReads {
  /**
   * A page of those that match, newest start first, from behind a place on.
   *
   * @param limit most of them; one more says that there is a next page
   */
  list(filter: AlertFilter, after: AlertPlace | undefined, limit: number): Promise<Alert[]>;
  /** Undefined where there is none. One that is not open is over, also where how it ended is not kept yet. */
  find(id: string): Promise<{ alert: Alert; isOpen: boolean } | undefined>;
  /** With all that happened to it; undefined where there is none. */
  detail(id: string, nowSeconds: number): Promise<AlertDetail | undefined>;
  /** With what was done about them. */
  views(alerts: readonly Alert[], nowSeconds: number): Promise<AlertView[]>;
}

export function createAlertReads({
  open,
  acknowledgements,
  settings,
  records,
}: {
  open: Pick<OpenAlertStore, 'all' | 'find'>;
  acknowledgements: Pick<AcknowledgementStore, 'of'>;
  settings: Pick<AlertingSettingsAccess, 'read'>;
  /** Undefined where no history is kept: then there are only open ones. */
  records: Pick<AlertRecordStore, 'list' | 'history' | 'acknowledged'> | undefined;
}): AlertReads {
  async function views(alerts: readonly Alert[], nowSeconds: number): Promise<AlertView[]> {
    if (alerts.length === 0) return [];
    const known = await settings.read();
    const silencedBy = createSilencing(known)(nowSeconds);
    const comments = new Map(
      [...known.silences, ...known.maintenance].map(({ id, comment }) => [id, comment]),
    );
    const seen = await orRedisUnavailable(() => acknowledgements.of(alerts.map(({ id }) => id)));
    // Redis forgets it some time after the end.
    const over = alerts.filter(({ id, state }) => state === 'resolved' && !seen.has(id));
    const noted = await records?.acknowledged(over.map(({ id }) => id));
    return alerts.map((alert) =>
      viewOf(alert, seen.get(alert.id) ?? noted?.get(alert.id), silencedBy, comments),
    );
  }

  return {
    views,
    async list(filter, after, limit) {
      const all = await orRedisUnavailable(() => open.all());
      const openById = new Map(all.map((alert) => [alert.id, alert]));
      const current = all.filter((alert) => fits(alert, filter));
      // What Redis does not have is over, whatever PostgreSQL still says: whoever asks what fires need not wait for it, and
      // is told of nothing else.
      const asked = filter.states === undefined ? filter : { ...filter, states: overOf(filter.states) };
      const source = asked.states?.length === 0 ? undefined : records;
      const page: Alert[] = [];
      let place = after;
      for (;;) {
        const kept = source === undefined ? [] : await source.list(asked, place, limit + 1);
        const isLast = kept.length <= limit;
        // What is open and lies behind what was read belongs to what is read next.
        const end = isLast ? undefined : placeOf(kept.at(-1));
        const fresh = current.filter(
          (alert) => isBehind(alert, place) && (end === undefined || !isBehind(alert, end)),
        );
        page.push(...[...kept.filter(({ id }) => !openById.has(id)), ...fresh].toSorted(newestFirst));
        if (isLast || page.length > limit) return page.slice(0, limit + 1);
        place = end;
      }
    },

    async find(id) {
      const found = await orRedisUnavailable(() => open.find(id));
      if (found !== undefined) return { alert: found, isOpen: true };
      const kept = (await records?.history(id))?.alert;
      return kept && { alert: kept, isOpen: false };
    },

    async detail(id, nowSeconds) {
      const current = await orRedisUnavailable(() => open.find(id));
      const kept = await records?.history(id);
      const alert = current ?? kept?.alert;
      if (alert === undefined) return undefined;
      const [view] = await views([alert], nowSeconds);
      // What has just happened is not kept yet.
      const timeline =
        kept?.alert === undefined
          ? entriesOf({ change: 'update', alert }).map(({ at_ms, kind, by, detail }) => ({
              at_ms,
              kind,
              by,
              detail,
            }))
          : kept.entries;
      return view && { alert: view, timeline, deliveries: kept?.deliveries ?? [] };
    },
  };
}

function viewOf(
  alert: Alert,
  acknowledged: Acknowledgement | undefined,
  silencedBy: ReturnType<Silencing>,
  comments: ReadonlyMap<string, string>,
): AlertView {
  return {
    ...alert,
    acknowledged: acknowledged ?? null,
    silenced_by:
      alert.state === 'resolved'
        ? []
        : silencedBy(alert).map(({ kind, id, endsAt }) => ({
            kind,
            id,
            ends_at: endsAt,
            comment: comments.get(id) ?? '',
          })),
  };
}

/** Whether an alert is one that PostgreSQL would find by the filter. */
function fits(
  alert: Alert,
  { states, severities, agentIds, ruleIds, labels, from, to }: AlertFilter,
): boolean {
  return (
    (states?.includes(alert.state) ?? true) &&
    (severities?.includes(alert.severity) ?? true) &&
    (agentIds?.includes(alert.agent_id) ?? true) &&
    (ruleIds?.includes(alert.rule_id) ?? true) &&
    Object.entries(labels ?? {}).every(
      ([key, value]) => Object.hasOwn(alert.labels, key) && alert.labels[key] === value,
    ) &&
    (from === undefined || alert.resolved_at === null || alert.resolved_at >= from) &&
    (to === undefined || alert.started_at < to)
  );
}

function overOf(states: readonly AlertState[]): AlertState[] {
  return states.filter((state) => state === 'resolved');
}

function placeOf(alert: Alert | undefined): AlertPlace | undefined {
  return alert && { startedAt: alert.started_at, id: alert.id };
}

function isBehind({ started_at, id }: Alert, place: AlertPlace | undefined): boolean {
  return (
    place === undefined || started_at < place.startedAt || (started_at === place.startedAt && id < place.id)
  );
}

function newestFirst(a: Alert, b: Alert): number {
  return b.started_at - a.started_at || (a.id < b.id ? 1 : -1);
}
