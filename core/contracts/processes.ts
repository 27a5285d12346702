import { z } from 'zod';
import { MAX_HOLD_SECONDS, TOP_BY } from './historyTerms.ts';
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
import { agentIdSchema, MAX_NAME_LENGTH } from './snapshot.ts';

/** How CPU seconds come about, for the documents. */
export const CPU_SECONDS_ESTIMATE =
  'CPU seconds are an estimate. A snapshot stands for the time until the next one of its agent, if that comes within ' +
  `${MAX_HOLD_SECONDS} s, else for as long as the one before it stood, else for nothing; a process' CPU seconds are its ` +
  'cpu_percent / 100 times that, added up. Processes of one name count as one. What was not among the processes of a ' +
  'snapshot (at most 12) is not counted, so a figure is rather too low than too high. Reads and writes are what the ' +
  'counts of a process (by pid and name) grew by from one snapshot to the next.';

/** What is told of the processes of one name. */
const processFields = {
  cpu_seconds: z.number(),
  cpu_percent: z
    .object({ avg: z.number(), max: z.number() })
    .meta({ description: 'Of one core; the average over the snapshots that name it.' }),
  memory_mb: z.object({ avg: z.number(), max: z.number() }),
  io_read_mb: z.number(),
  io_write_mb: z.number(),
  samples: z.number().int().meta({ description: 'Snapshots that name it.' }),
  first_seen: secondsSchema,
  last_seen: secondsSchema,
};

/** What `GET /api/processes/top` is asked. */
export const topProcessesQuerySchema = z.object({
  ...scopeFields,
  from: fromSchema,
  to: toSchema,
  by: z
    .enum(TOP_BY)
    .default('cpu')
    .meta({ description: 'cpu: CPU seconds. memory: most memory at a time. io: MB read and written.' }),
  limit: z.coerce.number<string>().int().min(1).max(100).default(10).meta({ description: 'Most names.' }),
});

const topProcessSchema = z.object({
  name: z.string(),
  ...processFields,
  share: z
    .number()
    .nullable()
    .meta({ description: 'Part of used_cpu_seconds; null where no snapshot names the cores.' }),
  hosts: z.number().int().optional().meta({ description: 'Of many hosts: on how many of them it ran.' }),
});

export const topProcessesSchema = z
  .object({
    agent: agentIdSchema.optional().meta({ description: 'Where it is one host.' }),
    from: secondsSchema,
    to: secondsSchema,
    by: z.enum(TOP_BY),
    tiers: tiersSchema,
    until: untilSchema.optional().meta({
      description: 'Of many hosts: what was stored after this time is not in the answer yet.',
    }),
    hosts: z.number().int().optional().meta({ description: 'Of many hosts: how many had a snapshot.' }),
    samples: z.number().int().meta({ description: 'Snapshots in the range.' }),
    covered_seconds: z
      .number()
      .meta({ description: 'How much of the range the snapshots stand for; of many hosts, added up.' }),
    used_cpu_seconds: z.number().meta({ description: 'CPU time of all cores that was used in it.' }),
    processes: z.array(topProcessSchema),
  })
  .meta({ id: 'TopProcesses' });

export const processNameSchema = z
  .string()
  .max(MAX_NAME_LENGTH)
  .meta({ description: 'Of the process.', example: 'node' });

/** What `GET /api/processes/history` is asked. */
export const processHistoryQuerySchema = z.object({
  agent: agentIdSchema,
  name: processNameSchema,
  from: fromSchema,
  to: toSchema,
  step: stepSchema,
});

const processPointSchema = z.object({ time: secondsSchema, ...processFields });

export const processHistorySchema = z
  .object({
    agent: agentIdSchema,
    name: z.string(),
    from: secondsSchema,
    to: secondsSchema,
    step: z.string(),
    tiers: tiersSchema,
    points: z
      .array(processPointSchema)
      .meta({ description: 'Oldest first; a step in which no snapshot names it has none.' }),
  })
  .meta({ id: 'ProcessHistory' });

/** What `GET /api/processes/search` is asked. */
export const processSearchQuerySchema = z.object({
  ...scopeFields,
  name: processNameSchema.min(1),
  match: z.enum(['exact', 'prefix', 'contains']).default('exact').meta({
    description:
      'exact: this name. prefix: names that begin with it. contains: names with it anywhere, small letters or capitals.',
  }),
  from: timeSchema.default('-7d').meta({ description: fromSchema.description ?? '' }),
  to: toSchema,
  limit: z.coerce.number<string>().int().min(1).max(1_000).default(100).meta({ description: 'Most lines.' }),
  cursor: z
    .string()
    .max(2_000)
    .optional()
    .meta({ description: 'next of the answer before; the other parameters as they were.' }),
});

const sightingSchema = z.object({
  agent: agentIdSchema,
  name: z.string(),
  first_seen: secondsSchema,
  last_seen: secondsSchema,
  cpu_seconds: z.number(),
  samples: z.number().int(),
});

export const processSearchSchema = z
  .object({
    name: z.string(),
    match: z.string(),
    from: secondsSchema,
    to: secondsSchema,
    until: untilSchema,
    found: z.array(sightingSchema),
    next: z
      .string()
      .nullable()
      .meta({ description: 'cursor of the next page; null where this is the last.' }),
  })
  .meta({ id: 'ProcessSearch' });

export type TopProcesses = z.output<typeof topProcessesSchema>;
export type TopProcess = z.output<typeof topProcessSchema>;
export type ProcessHistory = z.output<typeof processHistorySchema>;
export type ProcessPoint = z.output<typeof processPointSchema>;
export type ProcessSearch = z.output<typeof processSearchSchema>;
export type ProcessSighting = z.output<typeof sightingSchema>;
