import type { z } from 'zod';
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
import { Prisma, type PrismaClient } from '../../platform/prisma.ts';
import { entriesOf, type EntryRow } from './alertEntries.ts';
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

export function createAlertRecordStore({ prisma }: { prisma: PrismaClient }): AlertRecordStore {
  return {
    save: (changes) =>
      orUnavailable(async () => {
        const newest = newestOf(changes);
        if (newest.length === 0) return;
        // What happened first: where only that is done, doing all of it again does the rest.
        await saveEntries(prisma, changes.flatMap(entriesOf));
        await saveAlerts(prisma, newest);
      }),

    note: ({ alertId, agentId, ...entry }) =>
      orUnavailable(() => saveEntries(prisma, [{ ...entry, alert_id: alertId, agent_id: agentId }])),

    list: (filter, after, limit) =>
      orUnavailable(async () => {
        const rows = await prisma.$queryRaw<{ body: unknown }[]>`
          SELECT body FROM topline_alerts WHERE ${Prisma.join(conditionsOf(filter, after), ' AND ')}
          ORDER BY started_at DESC, id COLLATE "C" DESC LIMIT ${limit}::int`;
        return readable(
          alertSchema,
          rows.map(({ body }) => body),
        );
      }),

    history: (id) =>
      orUnavailable(async () => {
        const [alert, entries, deliveries] = await prisma.$transaction([
          prisma.alertRecord.findUnique({ where: { id }, select: { body: true } }),
          prisma.alertEntry.findMany({ where: { alertId: id }, orderBy: [{ at: 'asc' }, { key: 'asc' }] }),
          prisma.delivery.findMany({
            where: { alertIds: { hasEvery: [id] } },
            orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
            select: { body: true },
          }),
        ]);
        return {
          alert: alertSchema.safeParse(alert?.body).data,
          entries: readable(
            alertEntrySchema,
            entries.map(({ at, kind, by, detail }) => ({ at_ms: at.getTime(), kind, by, detail })),
          ),
          deliveries: readable(
            deliverySchema,
            deliveries.map(({ body }) => body),
          ),
        };
      }),

    acknowledged: (ids) =>
      orUnavailable(async () => {
        if (ids.length === 0) return new Map();
        const entries = await prisma.alertEntry.findMany({
          where: { alertId: { in: [...ids] }, kind: { in: ['acknowledged', 'unacknowledged'] } },
          orderBy: { at: 'asc' },
        });
        const last = new Map(entries.map((entry) => [entry.alertId, entry]));
        return new Map(
          [...last].flatMap(([id, { kind, at, by, detail }]) => {
            if (kind !== 'acknowledged') return [];
            const { data } = acknowledgementSchema.safeParse({
              ...(detail as object),
              at_ms: at.getTime(),
              by,
            });
            return data === undefined ? [] : [[id, data] as const];
          }),
        );
      }),
  };
}

/**
 * Raw, because the typed client can neither compare a place as one, nor in the order of bytes (in which the API puts what is
 * open beside it), nor ask the index of labels. An alert of a long time ago that still goes on is in every range.
 */
function conditionsOf(
  { states, severities, agentIds, ruleIds, labels, from, to }: AlertFilter,
  after: AlertPlace | undefined,
): Prisma.Sql[] {
  return [
    Prisma.sql`true`,
    ...(states ? [Prisma.sql`state = ANY (${states})`] : []),
    ...(severities ? [Prisma.sql`severity = ANY (${severities})`] : []),
    ...(agentIds ? [Prisma.sql`agent_id = ANY (${agentIds})`] : []),
    ...(ruleIds ? [Prisma.sql`rule_id = ANY (${ruleIds})`] : []),
    ...(labels ? [Prisma.sql`labels @> ${JSON.stringify(labels)}::jsonb`] : []),
    ...(from === undefined
      ? []
      : [Prisma.sql`(resolved_at IS NULL OR resolved_at >= to_timestamp(${from}::float8))`]),
    ...(to === undefined ? [] : [Prisma.sql`started_at < to_timestamp(${to}::float8)`]),
    ...(after
      ? [
          Prisma.sql`(started_at, id COLLATE "C") < (to_timestamp(${after.startedAt}::float8), ${after.id}::text)`,
        ]
      : []),
  ];
}

/**
 * In the order of the key, so that two workers which save the same wait for each other instead of deadlocking. Raw, as one
 * value: of a hundred entries `createMany` takes 15 ms of the process.
 */
async function saveEntries(prisma: PrismaClient, entries: EntryRow[]): Promise<void> {
  await prisma.$executeRaw`
    INSERT INTO topline_alert_entries (alert_id, key, agent_id, at, kind, "by", detail)
    SELECT alert_id, key, agent_id, to_timestamp(at_ms / 1000), kind, "by", detail
    FROM jsonb_to_recordset(${JSON.stringify(entries)}::jsonb) AS given
      (alert_id text, key text, agent_id text, at_ms float8, kind text, "by" text, detail jsonb)
    ORDER BY alert_id COLLATE "C", key COLLATE "C"
    ON CONFLICT DO NOTHING`;
}

/** Likewise. */
async function saveAlerts(prisma: PrismaClient, alerts: Alert[]): Promise<void> {
  await prisma.$executeRaw`
    INSERT INTO topline_alerts AS known
      (id, agent_id, rule_id, severity, state, started_at, fired_at, resolved_at, revision, labels, body)
    SELECT id, agent_id, rule_id, severity, state, to_timestamp(started_at), to_timestamp(fired_at),
      to_timestamp(resolved_at), revision, labels, body
    FROM jsonb_array_elements(${JSON.stringify(alerts)}::jsonb) AS given (body), jsonb_to_record(body)
      AS alert (id text, agent_id text, rule_id text, severity text, state text, started_at float8, fired_at float8,
        resolved_at float8, revision int, labels jsonb)
    ORDER BY id COLLATE "C"
    ON CONFLICT (id) DO UPDATE SET severity = excluded.severity, state = excluded.state, started_at = excluded.started_at,
      fired_at = excluded.fired_at, resolved_at = excluded.resolved_at, revision = excluded.revision,
      labels = excluded.labels, body = excluded.body
    WHERE known.revision < excluded.revision`;
}

/** Those that can be read: what a later version wrote is left out, and does not hide the rest. */
function readable<T>(schema: z.ZodType<T>, values: unknown[]): T[] {
  return values.flatMap((value) => schema.safeParse(value).data ?? []);
}

/** Each alert that fired, as the newest of these changes has it: no statement may touch a row twice. */
function newestOf(changes: readonly AlertChange[]): Alert[] {
  const newest = new Map<string, Alert>();
  for (const { alert } of changes)
    if (alert.fired_at !== null && (newest.get(alert.id)?.revision ?? 0) < alert.revision)
      newest.set(alert.id, alert);
  return [...newest.values()];
}
