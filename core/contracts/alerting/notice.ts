import { z } from 'zod';
import { alertSchema } from './alert.ts';
import { channelIdSchema, NOTICE_KINDS } from './notification.ts';

/** Most alerts in one message; of a group with more, several are sent. */
export const MAX_NOTICE_ALERTS = 50;

/** What is told, to whichever channel: each puts it into its own form. */
export const noticeSchema = z.object({
  kind: z.enum(NOTICE_KINDS),
  /** Null for what no route asked for: a test. */
  route_id: channelIdSchema.nullable(),
  /** What its alerts have in common: an agent, a rule, one alert; empty where the route gathers all. */
  group: z.string(),
  alerts: z.array(alertSchema).min(1).max(MAX_NOTICE_ALERTS),
  decided_at_ms: z.number().int(),
  /**
   * Told again only because the receiver forgets what is not (Alertmanager): it is no news, and stands in no log. Absent
   * everywhere else.
   */
  refresh: z.boolean().optional(),
});

export type Notice = z.output<typeof noticeSchema>;

/** One notice on its way to one channel. What the channel keeps secret is not in it. */
export const queuedMessageSchema = z.object({
  /** The same however often it is sent, so that the receiver can tell; a hash of what is told and to whom. */
  id: z.string().regex(/^[0-9a-f]{32}$/),
  channel_id: channelIdSchema,
  notice: noticeSchema,
});

export type QueuedMessage = z.output<typeof queuedMessageSchema>;
