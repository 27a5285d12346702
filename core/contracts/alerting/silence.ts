import { z } from 'zod';
import { lineText, storableText } from '../text.ts';
import { matcherSchema, ruleIdSchema, severitySchema } from './rule.ts';

/** Which alerts a silence, a maintenance window or a route is for. */
export const alertMatcherSchema = z
  .strictObject({
    ...matcherSchema.shape,
    rules: z
      .array(ruleIdSchema)
      .max(100)
      .default([])
      .meta({ description: 'Any of these rules; all where empty.' }),
    severities: z
      .array(severitySchema)
      .default([])
      .meta({ description: 'Any of these severities; all where empty.' }),
  })
  .meta({ id: 'AlertMatcher' });

export type AlertMatcher = z.output<typeof alertMatcherSchema>;

const comment = storableText.trim().max(1000);
const author = lineText.trim().min(1).max(128);

/** Nothing is told of alerts that match, from its start to its end (epoch seconds, the server's clock). They fire all the same. */
export const silenceBodySchema = z
  .strictObject({
    match: alertMatcherSchema,
    starts_at: z.number().int().optional().meta({ description: 'Now where absent.' }),
    ends_at: z.number().int(),
    author,
    comment: comment.default(''),
  })
  .meta({ id: 'SilenceBody' });

export type SilenceBody = z.input<typeof silenceBodySchema>;

export const silenceSchema = z
  .object({ ...silenceBodySchema.shape, id: z.guid(), starts_at: z.number().int() })
  .meta({ id: 'Silence' });

export type Silence = z.output<typeof silenceSchema>;

/** A silence that comes again: it begins at each time of a cron expression in its time zone. */
export const maintenanceBodySchema = z
  .strictObject({
    name: lineText.trim().min(1).max(128),
    match: alertMatcherSchema,
    cron: z
      .string()
      .max(128)
      .meta({ description: 'Minute, hour, day, month, weekday.', example: '0 3 * * sun' }),
    time_zone: z.string().max(64).default('UTC').meta({ example: 'Europe/Berlin' }),
    duration_seconds: z
      .number()
      .int()
      .min(60)
      .max(7 * 86_400),
    author,
    comment: comment.default(''),
  })
  .meta({ id: 'MaintenanceBody' });

export type MaintenanceBody = z.output<typeof maintenanceBodySchema>;

export const maintenanceSchema = z
  .object({ ...maintenanceBodySchema.shape, id: z.guid() })
  .meta({ id: 'Maintenance' });

export type Maintenance = z.output<typeof maintenanceSchema>;

/** An operator has seen an alert: it does not escalate, and is not told of again until it resolves. */
export const acknowledgementSchema = z
  .object({ at_ms: z.number().int(), by: author, note: comment })
  .meta({ id: 'Acknowledgement' });

export type Acknowledgement = z.output<typeof acknowledgementSchema>;
