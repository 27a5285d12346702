import { z } from 'zod';
import { MAX_HOLD_SECONDS } from './historyTerms.ts';
import {
  fromSchema,
  scopeFields,
  secondsSchema,
  stepSchema,
  tiersSchema,
  timeSchema,
  toSchema,
  untilSchema,
} from './questions.ts';
import { agentIdSchema, snapshotSchema } from './snapshot.ts';

/** What `GET /api/metrics/history` is asked. */
export const historyQuerySchema = z.object({
  ...scopeFields,
  from: fromSchema,
  to: toSchema,
  step: stepSchema,
  cores: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'Whether each point of one host has its cores, too.' }),
});

const spread = { avg: z.number(), min: z.number(), max: z.number() };

const pointSchema = z
  .object({
    time: secondsSchema.meta({ description: 'Epoch seconds at which the step begins.' }),
    samples: z.number().int().meta({ description: 'Snapshots in it.' }),
    cpu: z.object({ ...spread, p95: z.number() }).meta({ description: 'Percent of all cores.' }),
    memory: z
      .object({ ...spread, p95: z.number(), total: z.number() })
      .meta({ description: 'MB used, and MB there are.' }),
    top_process: z
      .object({ name: z.string(), cpu_seconds: z.number() })
      .nullable()
      .meta({ description: 'What took the most CPU time.' }),
    io: z
      .object({ read_mb: z.number(), write_mb: z.number() })
      .meta({ description: 'What the processes that snapshots name read and wrote in it.' }),
    cores: z
      .array(z.object({ avg: z.number(), max: z.number() }))
      .optional()
      .meta({ description: 'Percent of each core.' }),
  })
  .meta({ id: 'HistoryPoint' });

const fleetPointSchema = z
  .object({
    time: secondsSchema.meta({ description: 'Epoch seconds at which the step begins.' }),
    hosts: z.number().int().meta({ description: 'Hosts with a snapshot in it.' }),
    samples: z.number().int(),
    cpu: z.object(spread).meta({ description: 'Percent; the average over hosts, each counted once.' }),
    memory: z
      .object({ ...spread, used: z.number(), total: z.number() })
      .meta({ description: 'MB of a host; used and total: of all of them together.' }),
    busiest: z
      .object({ agent: agentIdSchema, cpu_avg: z.number() })
      .meta({ description: 'The host with the highest average of CPU.' }),
  })
  .meta({ id: 'FleetHistoryPoint' });

const range = {
  from: secondsSchema,
  to: secondsSchema,
  step: z
    .string()
    .meta({ description: 'The step used; a coarser one than was asked for where only that is kept.' }),
  tiers: tiersSchema,
};

/** Of one host. */
export const hostHistorySchema = z
  .object({
    agent: agentIdSchema,
    ...range,
    points: z.array(pointSchema).meta({ description: 'Oldest first; a step without a snapshot has none.' }),
  })
  .meta({ id: 'History' });

/** Of many. */
export const fleetHistorySchema = z
  .object({
    ...range,
    until: untilSchema,
    points: z
      .array(fleetPointSchema)
      .meta({ description: 'Oldest first; a step without a snapshot has none.' }),
  })
  .meta({ id: 'FleetHistory' });

/** What `GET /api/metrics/history` answers. */
export const historySchema = z.union([hostHistorySchema, fleetHistorySchema]);

/** What `GET /api/metrics/at` is asked. */
export const metricsAtQuerySchema = z.object({
  agent: agentIdSchema,
  time: timeSchema.default('now').meta({ description: 'The moment.' }),
});

export const metricsAtSchema = z
  .object({
    agent: agentIdSchema,
    time: z.number().int().meta({ description: 'The moment asked for, in epoch seconds.' }),
    age_seconds: z.number().int().meta({ description: 'How old the snapshot was then.' }),
    held: z.boolean().meta({
      description:
        `Whether the snapshot still stood for that moment: it does until the agent's next one, if that comes within ` +
        `${MAX_HOLD_SECONDS} s, else as long as the one before it did. False in a gap.`,
    }),
    snapshot: snapshotSchema,
  })
  .meta({ id: 'MetricsAt' });

export type HostHistory = z.output<typeof hostHistorySchema>;
export type HistoryPoint = z.output<typeof pointSchema>;
export type FleetHistory = z.output<typeof fleetHistorySchema>;
export type MetricsAt = z.output<typeof metricsAtSchema>;
