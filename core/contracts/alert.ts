import { z } from 'zod';
import { agentIdSchema } from './snapshot.ts';

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
