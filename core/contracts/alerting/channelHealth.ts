import { z } from 'zod';

/** How a channel does, as the process saw it that sent to it last. */
export const channelHealthSchema = z
  .object({
    state: z.enum(['healthy', 'failing', 'refused', 'paused']).meta({
      description:
        'healthy: it took the last message. failing: it is tried again. refused: it did not want the last message, and is ' +
        'not asked again. paused: nothing is sent to it until paused_until_ms, a test or a change of it.',
    }),
    at_ms: z.number().int().meta({ description: 'When something was sent to it last, epoch ms.' }),
    paused_until_ms: z.number().int().nullable(),
    failures_in_a_row: z.number().int(),
    status: z.number().int().nullable().meta({ description: 'Of its last answer.' }),
    detail: z.string().nullable().meta({ description: 'Why it did not take the last message.' }),
  })
  .meta({ id: 'ChannelHealth' });

export type ChannelHealth = z.output<typeof channelHealthSchema>;
