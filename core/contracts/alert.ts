import { z } from 'zod';
import { agentIdSchema } from './snapshot.ts';

/**
 * How late a sample may come and still count for an alert, in seconds behind the newest. More than the 600 s an agent's
 * clock may be ahead, so that an agent whose clock is set right goes on being judged.
 */
export const ALERT_LATENESS_SECONDS = 900;

/** A firing alert, as stored, published and answered. */
export const alertEventSchema = z
  .object({
    timestamp: z.number().int().meta({ description: 'Epoch seconds of the snapshot that fired it.' }),
    rule: z.literal('cpu_threshold_duration'),
    severity: z.literal('warning'),
    message: z.string().meta({ example: 'CPU usage remained above 90.00% for at least 10 seconds' }),
    current_value: z.number(),
    threshold: z.number(),
    id: z.string().meta({ description: 'The same for every delivery of this event.' }),
    agent_id: agentIdSchema,
    started_at: z.number().int().meta({ description: 'Epoch seconds at which its window opened.' }),
  })
  .meta({ id: 'AlertEvent' });

export type AlertEvent = z.output<typeof alertEventSchema>;
