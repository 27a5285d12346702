import { z } from 'zod';
import { healthSchema } from './health.ts';

const count = z.number().int().nonnegative();
const perSecond = z.number().nonnegative();

/** Over how long a rate of arrival is the mean, in seconds. */
export const INGEST_WINDOW_SECONDS = 60;

/** A queue as it is now. */
export const queueFiguresSchema = z
  .object({
    name: z.string(),
    waiting: count,
    active: count,
    delayed: count.meta({ description: 'Put down for later: a retry, or what a schedule has next.' }),
    failed: count.meta({ description: 'Given up; `npm run queues -- redrive` tries them again.' }),
    oldest_seconds: z.number().nonnegative().meta({
      description: 'Age of the oldest job that is due and not done; 0 where there is none.',
    }),
  })
  .meta({ id: 'QueueFigures' });

export type QueueFigures = z.output<typeof queueFiguresSchema>;

/** What an API node tells of itself. */
export const nodeFiguresSchema = z
  .object({
    id: z.string().meta({ description: 'Host and process.', example: 'web-a:4242' }),
    version: z.string(),
    uptime_seconds: z.number().nonnegative(),
    ingest_per_second: perSecond.meta({
      description: `Snapshots taken, on the mean of the last ${INGEST_WINDOW_SECONDS} s.`,
    }),
    sockets: z.object({ socket_io: count, websocket: count }),
  })
  .meta({ id: 'NodeFigures' });

export type NodeFigures = z.output<typeof nodeFiguresSchema>;

/** How the service does, as `GET /api/operations` has it. */
export const operationsSchema = z
  .object({
    health: healthSchema,
    node: nodeFiguresSchema.meta({ description: 'The API node that answered.' }),
    nodes: z.array(nodeFiguresSchema).meta({
      description:
        'Every API node heard of within the last 15 s, this one included, as they told some 5 s ago at most.',
    }),
    ingest_per_second: perSecond.meta({ description: 'Of all nodes.' }),
    sockets: count.meta({ description: 'Open live connections to all nodes.' }),
    queues: z.array(queueFiguresSchema).nullable().meta({ description: 'Null while Redis is away.' }),
    rollup_behind_seconds: z.number().nonnegative().nullable().meta({
      description:
        'How old the newest moment is up to which minutes are made of the snapshots; null where no history is kept, or it cannot be asked.',
    }),
  })
  .meta({ id: 'Operations' });

export type Operations = z.output<typeof operationsSchema>;
