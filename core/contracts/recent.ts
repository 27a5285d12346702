import { z } from 'zod';
import { alertEventSchema } from './alert.ts';
import { labelQuerySchema } from './labels.ts';
import { agentIdSchema, snapshotSchema } from './snapshot.ts';

// The last minutes, as Redis has them.

/** What `GET /api/metrics/recent` is asked. */
export const recentSnapshotsQuerySchema = z.object({
  agent: agentIdSchema.optional(),
  label: labelQuerySchema,
});

export const recentSnapshotsSchema = z.array(snapshotSchema);

/** What `GET /api/alerts/recent` is asked. */
export const recentAlertsQuerySchema = z.object({
  minutes: z.coerce
    .number<string>()
    .int()
    .min(1)
    .max(1440)
    .default(60)
    .meta({ description: 'How far back.' }),
  label: labelQuerySchema,
});

export const recentAlertsSchema = z.array(alertEventSchema);
