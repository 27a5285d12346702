import { z } from 'zod';
import {
  alertSchema,
  type Alert,
  type AlertChange,
  type AlertState,
} from '../../contracts/alerting/alert.ts';
import { deliverySchema, type Delivery } from '../../contracts/alerting/notification.ts';
import { alertEntrySchema, type AlertEntry } from '../../contracts/alerting/record.ts';
import type { Severity } from '../../contracts/alerting/rule.ts';
import { acknowledgementSchema, type Acknowledgement } from '../../contracts/alerting/silence.ts';
import type { Labels } from '../../contracts/labels.ts';
import type { PrismaClient } from '../../platform/prisma.ts';
import { entriesOf } from './alertEntries.ts';
import { textArrayOf } from './arrays.ts';
import { orUnavailable } from './unavailable.ts';

/** A place in the order of alerts: the newest start first, and of the same start the id that comes last. */
export interface AlertPlace {
  startedAt: number;
  id: string;
}

export interface AlertFilter {
  states?: AlertState[] | undefined;
  severities?: Severity[] | undefined;
  agentIds?: string[] | undefined;
  ruleIds?: string[] | undefined;
  /** All of which it has. */
  labels?: Labels | undefined;
  /** Epoch seconds: those that were going on at some moment from then on, and before the second one. */
  from?: number | undefined;
  to?: number | undefined;
}

/** What somebody did about an alert. */
export interface AlertDeed extends AlertEntry {
  alertId: string;
  agentId: string;
  /** Of the same key there is one. */
  key: string;
}

/** An alert with all that happened to it, oldest first. */
export interface AlertHistory {
  /** Undefined where it was not kept yet. */
  alert: Alert | undefined;
  entries: AlertEntry[];
  deliveries: Delivery[];
}

/**
 * Alerts that fired, in PostgreSQL, each as its newest change has it. Every method throws an UnavailableError where
 * PostgreSQL cannot do it now and the same call is worth repeating.
 */
export interface AlertRecordStore {
  /**
   * Keeps alerts as changes have them, and what happened to them. A change may be repeated and may come after a newer one:
   * neither undoes anything. What never fired (`pending`, `dropped`) is left out.
   */
  save(changes: readonly AlertChange[]): Promise<void>;
  /** Keeps what somebody did about an alert, whether that is here already or not. */
  note(deed: AlertDeed): Promise<void>;
  /** A page of those that match, newest first, from behind a place on. */
  list(filter: AlertFilter, after: AlertPlace | undefined, limit: number): Promise<Alert[]>;
  history(id: string): Promise<AlertHistory>;
  /** Who has seen these alerts, as was noted last; where that was taken back, nobody has. */
  acknowledged(ids: readonly string[]): Promise<Map<string, Acknowledgement>>;
}

/** In the order of the key, so that two workers which save the same alerts wait for each other instead of deadlocking. */
const saveAlerts = (table: string) => `
INSERT INTO ${table} AS known
  (id, agent_id, rule_id, severity, state, started_at, fired_at, resolved_at, revision, labels, body)
SELECT id, agent_id, rule_id, severity, state, to_timestamp(started_at), to_timestamp(fired_at), to_timestamp(resolved_at),
  revision, labels, body
FROM jsonb_array_elements($1::jsonb) AS given (body), jsonb_to_record(body) AS alert (id text, agent_id text, rule_id text,
  severity text, state text, started_at float8, fired_at float8, resolved_at float8, revision int, labels jsonb)
ORDER BY id COLLATE "C"
ON CONFLICT (id) DO UPDATE SET severity = excluded.severity, state = excluded.state, started_at = excluded.started_at,
  fired_at = excluded.fired_at, resolved_at = excluded.resolved_at, revision = excluded.revision, labels = excluded.labels,
  body = excluded.body
WHERE known.revision < excluded.revision`;

const saveEntries = (table: string) => `
INSERT INTO ${table} (alert_id, key, agent_id, at, kind, "by", detail)
SELECT alert_id, key, agent_id, to_timestamp(at_ms / 1000), kind, "by", detail
FROM jsonb_to_recordset($1::jsonb) AS given (alert_id text, key text, agent_id text, at_ms float8, kind text, "by" text, detail jsonb)
ORDER BY alert_id COLLATE "C", key COLLATE "C"
ON CONFLICT DO NOTHING`;

/** The filter as SQL; the values are parameters 1 to 9. A row of a long time ago that still goes on is in every range. */
const FILTER = `($1::text IS NULL OR state = ANY ($1::text::text[]))
  AND ($2::text IS NULL OR severity = ANY ($2::text::text[]))
  AND ($3::text IS NULL OR agent_id = ANY ($3::text::text[]))
  AND ($4::text IS NULL OR rule_id = ANY ($4::text::text[]))
  AND ($5::jsonb IS NULL OR labels @> $5::jsonb)
  AND ($6::float8 IS NULL OR resolved_at IS NULL OR resolved_at >= to_timestamp($6::float8))
  AND ($7::float8 IS NULL OR started_at < to_timestamp($7::float8))
  AND ($8::float8 IS NULL OR (started_at, id COLLATE "C") < (to_timestamp($8::float8), $9::text))`;

const historySchema = z.object({
  alert: z.unknown(),
  entries: z.array(z.unknown()).nullable(),
  deliveries: z.array(z.unknown()).nullable(),
});

export function createAlertRecordStore({ prisma }: { prisma: PrismaClient }): AlertRecordStore {
  const alerts = 'topline_alerts';
  const entries = 'topline_alert_entries';
  const deliveries = 'topline_deliveries';

  return {
    save: (changes) =>
      orUnavailable(async () => {
        const newest = newestOf(changes);
        if (newest.length === 0) return;
        // What happened first: where only that is done, doing all of it again does the rest.
        await prisma.$executeRawUnsafe(saveEntries(entries), JSON.stringify(changes.flatMap(entriesOf)));
        await prisma.$executeRawUnsafe(saveAlerts(alerts), JSON.stringify(newest));
      }),

    note: ({ alertId, agentId, ...entry }) =>
      orUnavailable(async () => {
        const row = { ...entry, alert_id: alertId, agent_id: agentId };
        await prisma.$executeRawUnsafe(saveEntries(entries), JSON.stringify([row]));
      }),

    list: ({ states, severities, agentIds, ruleIds, labels, from, to }, after, limit) =>
      orUnavailable(async () => {
        const [row] = await prisma.$queryRawUnsafe<{ alerts: string | null }[]>(
          `SELECT json_agg(body ORDER BY started_at DESC, id COLLATE "C" DESC)::text AS alerts
           FROM (SELECT * FROM ${alerts} WHERE ${FILTER} ORDER BY started_at DESC, id COLLATE "C" DESC LIMIT $10::int) AS page`,
          ...[states, severities, agentIds, ruleIds].map((texts) => texts && textArrayOf(texts)),
          labels && JSON.stringify(labels),
          from ?? null,
          to ?? null,
          after?.startedAt ?? null,
          after?.id ?? null,
          limit,
        );
        return readable(alertSchema, JSON.parse(row?.alerts ?? '[]'));
      }),

    history: (id) =>
      orUnavailable(async () => {
        const [row] = await prisma.$queryRawUnsafe<{ history: string }[]>(
          `SELECT json_build_object(
             'alert', (SELECT body FROM ${alerts} WHERE id = $1),
             'entries', (SELECT json_agg(json_build_object('at_ms', floor(extract(epoch FROM at) * 1000), 'kind', kind,
               'by', "by", 'detail', detail) ORDER BY at, key) FROM ${entries} WHERE alert_id = $1),
             'deliveries', (SELECT json_agg(body ORDER BY created_at, id) FROM ${deliveries} WHERE alert_ids @> ARRAY[$1])
           )::text AS history`,
          id,
        );
        const found = historySchema.parse(JSON.parse(row?.history ?? ''));
        return {
          alert: alertSchema.safeParse(found.alert).data,
          entries: readable(alertEntrySchema, found.entries ?? []),
          deliveries: readable(deliverySchema, found.deliveries ?? []),
        };
      }),

    acknowledged: (ids) =>
      orUnavailable(async () => {
        if (ids.length === 0) return new Map();
        const rows = await prisma.$queryRawUnsafe<{ id: string; body: string }[]>(
          `SELECT alert_id AS id, body::text FROM (
             SELECT DISTINCT ON (alert_id) alert_id, kind, json_build_object('at_ms', floor(extract(epoch FROM at) * 1000),
               'by', "by", 'note', detail -> 'note') AS body
             FROM ${entries} WHERE alert_id = ANY ($1::text::text[]) AND kind IN ('acknowledged', 'unacknowledged')
             ORDER BY alert_id, at DESC) AS last
           WHERE kind = 'acknowledged'`,
          textArrayOf([...ids]),
        );
        return new Map(
          rows.flatMap(({ id, body }) => {
            const { data } = acknowledgementSchema.safeParse(JSON.parse(body));
            return data === undefined ? [] : [[id, data] as const];
          }),
        );
      }),
  };
}

/** Those that can be read: what a later version wrote is left out, and does not hide the rest. */
function readable<T>(schema: z.ZodType<T>, values: unknown): T[] {
  return z
    .array(z.unknown())
    .parse(values)
    .flatMap((value) => schema.safeParse(value).data ?? []);
}

/** Each alert that fired, as the newest of these changes has it: no statement may touch a row twice. */
function newestOf(changes: readonly AlertChange[]): Alert[] {
  const newest = new Map<string, Alert>();
  for (const { alert } of changes)
    if (alert.fired_at !== null && (newest.get(alert.id)?.revision ?? 0) < alert.revision)
      newest.set(alert.id, alert);
  return [...newest.values()];
}
