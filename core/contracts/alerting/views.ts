import { z } from 'zod';
import { labelQuerySchema } from '../labels.ts';
import { agentIdSchema } from '../snapshot.ts';
import { alertSchema, alertStateSchema } from './alert.ts';
import { channelHealthSchema } from './channelHealth.ts';
import {
  channelIdSchema,
  channelSchema,
  deliverySchema,
  routeSchema,
  type ChannelKind,
} from './notification.ts';
import { alertEntrySchema, auditEntrySchema } from './record.ts';
import { ruleBodySchema, ruleIdSchema, ruleSchema, severitySchema } from './rule.ts';
import { acknowledgementSchema, maintenanceSchema, silenceSchema } from './silence.ts';

// What the routes of alerting are asked and what they answer, beside the things themselves.

const epochSeconds = z.number().int();

const cursor = z
  .string()
  .max(1024)
  .optional()
  .meta({ description: 'next_cursor of the page before, with all else as it was there.' });

/** A value of a query that may be repeated: any of them counts. */
const anyOf = <Schema extends z.ZodType<unknown, string>>(schema: Schema) =>
  z.union([schema.transform((one) => [one]), z.array(schema).max(100)]).optional();

/** Why nothing is told of an alert: a silence, or a window of maintenance. */
export const silencedBySchema = z
  .object({
    kind: z.enum(['silence', 'maintenance']),
    id: z.string(),
    ends_at: epochSeconds,
    comment: z.string(),
  })
  .meta({ id: 'SilencedBy' });

/** An alert, with what was done about it. */
export const alertViewSchema = z
  .object({
    ...alertSchema.shape,
    acknowledged: acknowledgementSchema.nullable(),
    silenced_by: z.array(silencedBySchema).meta({ description: 'Now; empty where it is resolved.' }),
  })
  .meta({ id: 'AlertView' });

export type AlertView = z.output<typeof alertViewSchema>;

export const alertsQuerySchema = z.object({
  state: anyOf(alertStateSchema).meta({ description: 'Repeatable: any of them. All where absent.' }),
  severity: anyOf(severitySchema),
  agent: anyOf(agentIdSchema),
  rule: anyOf(ruleIdSchema),
  label: labelQuerySchema.meta({
    description: 'key=value; given several times, the agent had all of them when the window opened.',
    example: 'env=prod',
  }),
  from: z.string().max(64).optional().meta({
    description: 'ISO 8601, epoch seconds or `-1h`: what was going on at some moment from then on.',
  }),
  to: z.string().max(64).optional().meta({ description: 'Likewise: and began before this one.' }),
  limit: z.coerce.number<string>().int().min(1).max(1000).default(100),
  cursor,
});

export const alertPageSchema = z
  .object({ alerts: z.array(alertViewSchema), next_cursor: z.string().nullable() })
  .meta({ id: 'AlertPage' });

export type AlertPage = z.output<typeof alertPageSchema>;

/** An alert with all that happened to it, oldest first. */
export const alertDetailSchema = z
  .object({
    alert: alertViewSchema,
    timeline: z.array(alertEntrySchema),
    deliveries: z.array(deliverySchema),
  })
  .meta({ id: 'AlertDetail' });

export type AlertDetail = z.output<typeof alertDetailSchema>;

/** Who has seen an alert, and what they say to it. */
export const acknowledgeBodySchema = z
  .strictObject({
    by: acknowledgementSchema.shape.by,
    note: acknowledgementSchema.shape.note.default(''),
  })
  .meta({ id: 'AcknowledgeBody' });

export const ruleListSchema = z.object({ rules: z.array(ruleSchema) }).meta({ id: 'AlertRuleList' });

/** A rule that is not kept, and the time over which it is tried. */
export const dryRunBodySchema = z
  .strictObject({
    rule: ruleBodySchema,
    agent: agentIdSchema.optional().meta({ description: 'Absent: those that the rule matches.' }),
    from: epochSeconds.meta({ description: 'Epoch seconds.' }),
    to: epochSeconds,
  })
  .meta({ id: 'DryRunBody' });

export type DryRunBody = z.input<typeof dryRunBodySchema>;

/** When a rule would have fired. */
export const dryRunSchema = z
  .object({
    from: epochSeconds.meta({
      description: 'What was judged: not before the snapshots that are still kept.',
    }),
    to: epochSeconds,
    agents: z.array(
      z.object({
        agent_id: agentIdSchema,
        samples: z.number().int().meta({ description: 'Snapshots that were judged.' }),
        alerts: z.array(alertSchema).meta({ description: 'Those that fired, oldest first.' }),
      }),
    ),
    left_out: z.number().int().meta({
      description: 'How many of the agents that match were not judged, because it would be too much at once.',
    }),
  })
  .meta({ id: 'DryRun' });

export type DryRun = z.output<typeof dryRunSchema>;

/** A silence as it is listed. */
export const silenceViewSchema = z
  .object({ ...silenceSchema.shape, state: z.enum(['waiting', 'active', 'over']) })
  .meta({ id: 'SilenceView' });

export type SilenceView = z.output<typeof silenceViewSchema>;

export const silencesQuerySchema = z.object({
  over: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: '`true`: those that are over as well.' }),
  limit: z.coerce.number<string>().int().min(1).max(1000).default(100),
});

export const silenceListSchema = z
  .object({ silences: z.array(silenceViewSchema) })
  .meta({ id: 'SilenceList' });

/** A window of maintenance as it is listed. */
export const maintenanceViewSchema = z
  .object({
    ...maintenanceSchema.shape,
    version: z.number().int(),
    active: z.boolean(),
    next: z
      .object({ starts_at: epochSeconds, ends_at: epochSeconds })
      .nullable()
      .meta({ description: 'The one that goes on, or else the next one.' }),
  })
  .meta({ id: 'MaintenanceView' });

export type MaintenanceView = z.output<typeof maintenanceViewSchema>;

export const maintenanceListSchema = z
  .object({ maintenance: z.array(maintenanceViewSchema) })
  .meta({ id: 'MaintenanceList' });

/** Where a channel or a route comes from: what the file has is changed in the file. */
const sourceSchema = z.enum(['file', 'api']);

/** What is known of a channel by whoever may ask: all of its target but what it keeps to itself. */
export const channelViewSchema = z
  .object({
    id: channelIdSchema,
    name: channelSchema.shape.name,
    // Told as a text: the next version may have one more.
    kind: z.string() as unknown as z.ZodType<ChannelKind>,
    target: z.record(z.string(), z.unknown()).meta({
      description: 'Without what is secret; as it was given, otherwise.',
      example: { kind: 'webhook', url: 'https://hooks.example.com/topline' },
    }),
    secrets: z
      .array(z.string())
      .meta({ description: 'Names of the secret fields that are set.', example: ['secret'] }),
    version: z.number().int().meta({ description: '0 where it comes from the file.' }),
    source: sourceSchema,
    health: channelHealthSchema
      .optional()
      .meta({ description: 'Absent where nothing was sent to it within a week, or since it was changed.' }),
  })
  .meta({ id: 'ChannelView' });

export type ChannelView = z.output<typeof channelViewSchema>;

export const channelListSchema = z
  .object({ channels: z.array(channelViewSchema) })
  .meta({ id: 'ChannelList' });

export type ChannelList = z.output<typeof channelListSchema>;

/** A route as it is listed. */
export const routeViewSchema = z
  .object({ ...routeSchema.shape, version: z.number().int(), source: sourceSchema })
  .meta({ id: 'NotificationRouteView' });

export type RouteView = z.output<typeof routeViewSchema>;

export const routeListSchema = z
  .object({ routes: z.array(routeViewSchema) })
  .meta({ id: 'NotificationRouteList' });

export const deliveriesQuerySchema = z.object({
  alert: z.string().min(1).max(512).optional().meta({ description: 'Id of an alert it told of.' }),
  channel: channelIdSchema.optional(),
  state: deliverySchema.shape.state.optional(),
  limit: z.coerce.number<string>().int().min(1).max(1000).default(100),
  cursor,
});

export const deliveryPageSchema = z
  .object({ deliveries: z.array(deliverySchema), next_cursor: z.string().nullable() })
  .meta({ id: 'DeliveryPage' });

export const auditQuerySchema = z.object({
  target: z.string().min(1).max(512).optional().meta({ description: 'Id of what was changed.' }),
  limit: z.coerce.number<string>().int().min(1).max(1000).default(100),
  cursor,
});

export const auditPageSchema = z
  .object({ entries: z.array(auditEntrySchema), next_cursor: z.string().nullable() })
  .meta({ id: 'AuditPage' });

export type AuditPage = z.output<typeof auditPageSchema>;
