import { z } from 'zod';

/** What is told in the timeline of an alert, beside the messages that went out about it. */
export const ENTRY_KINDS = ['firing', 'no_data', 'resolved', 'acknowledged', 'unacknowledged'] as const;

/** Something that happened to an alert, or that somebody did about it. */
export const alertEntrySchema = z
  .object({
    at_ms: z.number().int().meta({ description: 'Epoch ms, by the clock of the server.' }),
    kind: z.enum(ENTRY_KINDS),
    by: z.string().nullable().meta({ description: 'Who did it; null for what happened by itself.' }),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AlertEntry' });

export type AlertEntry = z.output<typeof alertEntrySchema>;

/** Something that was changed, by whom, from where. */
export const auditEntrySchema = z
  .object({
    id: z
      .string()
      .meta({ description: 'Grows; as text, because it may pass what a number holds.', example: '42' }),
    at_ms: z.number().int(),
    role: z.string().meta({ description: 'Of whoever sent the request.', example: 'operator' }),
    address: z.string().meta({ description: 'Of the client.' }),
    by: z
      .string()
      .nullable()
      .meta({ description: 'Who it was by their own words, where a change asks for that.' }),
    action: z.string().meta({ example: 'alert_rule.changed' }),
    target: z.string().meta({ description: 'Id of what was changed.', example: 'cpu-hot' }),
    detail: z.record(z.string(), z.unknown()).meta({ description: 'What was said; never a secret.' }),
  })
  .meta({ id: 'AuditEntry' });

export type AuditEntry = z.output<typeof auditEntrySchema>;

/** What is changed in the service by hand: `<what>.<how>`. */
export type AuditAction =
  | `${'alert_rule' | 'channel' | 'route' | 'maintenance'}.${'created' | 'changed' | 'deleted'}`
  | `silence.${'created' | 'expired'}`
  | `alert.${'acknowledged' | 'unacknowledged'}`
  | `agent.${'changed' | 'forgotten'}`
  | 'channel.tested';
