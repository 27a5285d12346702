import { z } from 'zod';

/** What `GET /health` answers. */
export const healthSchema = z
  .object({
    status: z.enum(['ok', 'degraded']),
    redis: z.enum(['connected', 'disconnected']),
    postgres: z.enum(['connected', 'disconnected', 'disabled']),
    warnings: z.array(z.string()).meta({
      description:
        'Settings that put acknowledged snapshots at risk, what Redis refuses or why it is out of reach, jobs that nobody works on, and why snapshots are refused.',
    }),
    upgrade: z
      .object({
        state: z.enum(['moving', 'finished']),
        rows_left: z.number().int().nonnegative().optional(),
        percent: z.number().int().min(0).max(100).optional(),
        rows_refused: z.number().int().nonnegative().meta({
          description: 'Rows that are no snapshots, kept as they were and shown in the view.',
        }),
        obstacle: z.string().optional().meta({ description: 'Why it does not go on.' }),
      })
      .optional()
      .meta({
        description:
          'How far the rows of the service before are moved into the history, by estimate; only while there is something to tell.',
      }),
  })
  .meta({ id: 'Health' });

export type Health = z.output<typeof healthSchema>;
