import { z } from 'zod';

// What each vendor documents that it takes; strict, so that a field they do not know is found.

const slackPlain = (max: number) =>
  z.strictObject({
    type: z.literal('plain_text'),
    text: z.string().min(1).max(max),
    emoji: z.boolean().optional(),
  });
const slackMarkdown = z.strictObject({
  type: z.literal('mrkdwn'),
  text: z.string().min(1).max(3000),
  verbatim: z.boolean().optional(),
});

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and …/reference/block-kit/blocks */
export const slackSchema = z.strictObject({
  text: z.string().min(1).max(40_000),
  blocks: z
    .array(
      z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('header'), text: slackPlain(150) }),
        z.strictObject({
          type: z.literal('section'),
          text: z.union([slackPlain(3000), slackMarkdown]),
          fields: z
            .array(z.union([slackPlain(2000), slackMarkdown]))
            .min(1)
            .max(10)
            .optional(),
        }),
        z.strictObject({
          type: z.literal('context'),
          elements: z.array(slackMarkdown).min(1).max(10),
        }),
        z.strictObject({ type: z.literal('divider') }),
      ]),
    )
    .max(50),
});

/** https://discord.com/developers/docs/resources/webhook#execute-webhook and …/message#embed-object-embed-limits */
export const discordSchema = z
  .strictObject({
    content: z.string().max(2000),
    embeds: z
      .array(
        z.strictObject({
          title: z.string().max(256),
          description: z.string().max(4096),
          color: z.number().int().min(0).max(0xffffff),
          url: z.url().optional(),
          timestamp: z.iso.datetime(),
        }),
      )
      .max(10),
    allowed_mentions: z.strictObject({ parse: z.array(z.enum(['roles', 'users', 'everyone'])) }),
  })
  .refine(
    ({ embeds }) =>
      embeds.reduce((sum, { title, description }) => sum + title.length + description.length, 0) <= 6000,
    'all embeds together have at most 6000 characters',
  );

/** https://core.telegram.org/bots/api#sendmessage */
export const telegramSchema = z.strictObject({
  chat_id: z.string(),
  text: z.string().min(1),
  parse_mode: z.enum(['HTML', 'MarkdownV2']),
  link_preview_options: z.strictObject({ is_disabled: z.boolean() }),
});

/** https://docs.ntfy.sh/publish/#publish-as-json */
export const ntfySchema = z.strictObject({
  topic: z.string().regex(/^[-_A-Za-z0-9]{1,64}$/),
  title: z.string(),
  message: z.string().refine((text) => Buffer.byteLength(text) <= 4096),
  priority: z.number().int().min(1).max(5),
  tags: z.array(z.string()),
  sequence_id: z.string().regex(/^[-_A-Za-z0-9]{1,64}$/),
  click: z.url().optional(),
});

/** https://developer.pagerduty.com/docs/events-api-v2/trigger-events/ */
export const pagerdutySchema = z.discriminatedUnion('event_action', [
  z.strictObject({
    routing_key: z.string().length(32),
    event_action: z.literal('trigger'),
    dedup_key: z.string().max(255),
    client: z.string().optional(),
    client_url: z.url().optional(),
    links: z.array(z.strictObject({ href: z.url(), text: z.string() })).optional(),
    payload: z.strictObject({
      summary: z.string().min(1).max(1024),
      source: z.string().min(1),
      severity: z.enum(['critical', 'error', 'warning', 'info']),
      timestamp: z.iso.datetime(),
      class: z.string().optional(),
      custom_details: z.record(z.string(), z.unknown()),
    }),
  }),
  z.strictObject({
    routing_key: z.string().length(32),
    event_action: z.enum(['acknowledge', 'resolve']),
    dedup_key: z.string().max(255),
  }),
]);

const labelSet = z.record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), z.string());

/** `postableAlerts` of https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml */
export const alertmanagerSchema = z
  .array(
    z.strictObject({
      labels: labelSet,
      annotations: labelSet,
      startsAt: z.iso.datetime(),
      endsAt: z.iso.datetime(),
      generatorURL: z.url().optional(),
    }),
  )
  .min(1);
