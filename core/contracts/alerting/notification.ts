import { z } from 'zod';
import { lineText, oneOfKinds } from '../text.ts';
import { NAME_PATTERN } from './rule.ts';
import { alertMatcherSchema } from './silence.ts';

export const channelIdSchema = z
  .string()
  .regex(NAME_PATTERN, 'Id must be 1-64 of a-z 0-9 _ -, and begin with a letter or a digit')
  .meta({ id: 'ChannelId', example: 'ops-slack' });

const url = z
  .url({ protocol: /^https?$/ })
  .max(2048)
  .refine((text) => lineText.safeParse(text).success, 'Must not contain control characters');
const secret = lineText.min(1).max(1024);

const CHANNEL_KINDS = [
  'webhook',
  'slack',
  'discord',
  'telegram',
  'ntfy',
  'pagerduty',
  'alertmanager',
  'email',
] as const;

/**
 * Where messages go. Fields named in {@link CHANNEL_SECRETS} are taken in and never given out again. Targets in private
 * networks are refused unless ALERT_ALLOWED_HOSTS names them.
 */
export const channelTargetSchema = z
  .discriminatedUnion(
    'kind',
    [
      /** Signed as Standard Webhooks says; the secret is `whsec_` and base64. */
      z.strictObject({
        kind: z.literal('webhook'),
        url,
        secret: secret.regex(/^whsec_[A-Za-z0-9+/]+=*$/, 'Secret must be whsec_ and base64'),
      }),
      z.strictObject({ kind: z.literal('slack'), url }),
      z.strictObject({ kind: z.literal('discord'), url }),
      z.strictObject({
        kind: z.literal('telegram'),
        bot_token: secret,
        chat_id: lineText.min(1).max(128),
        api_url: url.default('https://api.telegram.org'),
      }),
      z.strictObject({
        kind: z.literal('ntfy'),
        url: url.default('https://ntfy.sh'),
        topic: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
        access_token: secret.optional(),
      }),
      z.strictObject({
        kind: z.literal('pagerduty'),
        routing_key: secret,
        url: url.default('https://events.pagerduty.com/v2/enqueue'),
      }),
      z.strictObject({ kind: z.literal('alertmanager'), url }),
      z.strictObject({
        kind: z.literal('email'),
        host: lineText.min(1).max(255),
        port: z.number().int().min(1).max(65_535).default(587),
        /** TLS from the first byte; otherwise STARTTLS where the server offers it. */
        secure: z.boolean().default(false),
        username: lineText.max(256).optional(),
        password: secret.optional(),
        from: z.email(),
        to: z.array(z.email()).min(1).max(50),
      }),
    ],
    { error: oneOfKinds(CHANNEL_KINDS) },
  )
  .meta({ id: 'ChannelTarget' });

export type ChannelTarget = z.output<typeof channelTargetSchema>;

export type ChannelKind = ChannelTarget['kind'];

/** What a channel keeps to itself: addresses of Slack and Discord are secrets too. */
export const CHANNEL_SECRETS = {
  webhook: ['secret'],
  slack: ['url'],
  discord: ['url'],
  telegram: ['bot_token'],
  ntfy: ['access_token'],
  pagerduty: ['routing_key'],
  alertmanager: [],
  email: ['password'],
} as const satisfies Record<ChannelKind, readonly string[]>;

export const channelSchema = z
  .strictObject({ id: channelIdSchema, name: lineText.trim().min(1).max(128), target: channelTargetSchema })
  .meta({ id: 'Channel' });

export type Channel = z.output<typeof channelSchema>;

const seconds = (fallback: number) =>
  z
    .number()
    .int()
    .min(0)
    .max(7 * 86_400)
    .default(fallback);

/** Which alerts go to which channels, how they are gathered and how often they are told again. All routes that match count. */
export const routeSchema = z
  .strictObject({
    id: channelIdSchema,
    match: alertMatcherSchema,
    channels: z.array(channelIdSchema).min(1).max(20),
    group_by: z.enum(['agent', 'rule', 'alert', 'all']).default('agent'),
    group_wait_seconds: seconds(0).meta({
      description: 'How long the first alert of a group waits for others.',
    }),
    group_interval_seconds: seconds(60).meta({
      description: 'How long further ones of a group that was told of wait.',
    }),
    repeat_seconds: seconds(4 * 3600).meta({
      description: 'How often it is said that it still fires; 0: once.',
    }),
    send_resolved: z.boolean().default(true),
    escalate: z
      .strictObject({
        after_seconds: z
          .number()
          .int()
          .min(1)
          .max(7 * 86_400),
        channels: z.array(channelIdSchema).min(1).max(20),
      })
      .optional()
      .meta({ description: 'Where it also goes when nobody has acknowledged it by then.' }),
  })
  .meta({ id: 'NotificationRoute' });

export type NotificationRoute = z.output<typeof routeSchema>;

/** What a message is about. */
export const NOTICE_KINDS = ['firing', 'still_firing', 'resolved', 'escalation', 'test'] as const;

export const DELIVERY_STATES = ['waiting', 'delivered', 'failed', 'superseded'] as const;

/** What became of one part of a message: to one recipient, or about one alert where each is told by itself. */
export const deliveryPartSchema = z
  .object({
    to: z.string().meta({ description: 'A recipient; or what was done to which alert.' }),
    state: z.enum(['waiting', 'delivered', 'failed']),
    status: z.number().int().nullable(),
    detail: z.string().nullable(),
  })
  .meta({ id: 'DeliveryPart' });

export type DeliveryPart = z.output<typeof deliveryPartSchema>;

/** What became of one message to one channel. The receiver can tell repetitions by its id. */
export const deliverySchema = z
  .object({
    id: z.string(),
    channel_id: channelIdSchema,
    route_id: channelIdSchema.nullable(),
    kind: z.enum(NOTICE_KINDS),
    alert_ids: z.array(z.string()),
    state: z.enum(DELIVERY_STATES).meta({
      description: 'superseded: it was not sent, because something newer about the same alerts had been.',
    }),
    attempts: z.number().int(),
    created_at_ms: z.number().int(),
    finished_at_ms: z.number().int().nullable(),
    /** Status of the last answer; null where there was none. */
    status: z.number().int().nullable(),
    detail: z.string().nullable(),
    parts: z
      .array(deliveryPartSchema)
      .optional()
      .meta({ description: 'Where it has several, and not all of them went at the first attempt.' }),
  })
  .meta({ id: 'Delivery' });

export type Delivery = z.output<typeof deliverySchema>;
