import { z } from 'zod';
import { channelSchema, routeSchema } from './notification.ts';
import { ruleSchema } from './rule.ts';
import { maintenanceSchema, silenceSchema } from './silence.ts';

/**
 * All that alerting goes by, as one document. It is put together from PostgreSQL, the rule file and the environment, and kept
 * in Redis beside its version: evaluation and notification then go on while PostgreSQL is away, and every process has the same.
 */
export const alertingSettingsSchema = z.object({
  /** Grows with each change of anything in it. */
  version: z.number().int().min(0),
  rules: z.array(ruleSchema),
  silences: z.array(silenceSchema),
  maintenance: z.array(maintenanceSchema),
  channels: z.array(channelSchema),
  routes: z.array(routeSchema),
});

export type AlertingSettings = z.output<typeof alertingSettingsSchema>;
