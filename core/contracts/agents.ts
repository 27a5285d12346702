import { z } from 'zod';
import { labelKeySchema, labelsSchema, labelValueSchema, MAX_LABELS } from './labels.ts';
import { agentIdSchema } from './snapshot.ts';

/** Whether an agent reports as it usually does, is late, or is taken to be gone. */
export const CONDITIONS = ['online', 'stale', 'offline'] as const;

export const conditionSchema = z.enum(CONDITIONS).meta({
  id: 'AgentCondition',
  description:
    'By the time since the last report was received, measured in the usual interval between reports: `stale` from 3 of ' +
    'them on (10 s at least), `offline` from 5 on (30 s at least).',
});

export type Condition = z.output<typeof conditionSchema>;

const epochSeconds = z.number().int();

/** A point of the sparkline: this many seconds, of which it shows the highest value. */
export const SPARK_STEP_SECONDS = 10;
export const SPARK_POINTS = 30;

/** Most characters of a display name. */
export const MAX_AGENT_NAME = 128;

export const agentNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(MAX_AGENT_NAME)
  .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'Name must not hold control characters');

/** What was measured last. */
export const latestSchema = z
  .object({
    timestamp: epochSeconds.meta({ description: 'By the clock of the agent.' }),
    total_cpu_percent: z.number(),
    system_memory_used_mb: z.number(),
    system_memory_total_mb: z.number(),
    top_process: z.object({ name: z.string(), cpu_percent: z.number() }).nullable(),
  })
  .meta({ id: 'AgentLatest' });

/** An agent as it is listed. */
export const agentSchema = z
  .object({
    id: agentIdSchema,
    name: z.string().meta({ description: 'Given by the operator; the id where none was given.' }),
    labels: labelsSchema.meta({ description: 'The agent’s own, with those of the operator over them.' }),
    state: conditionSchema,
    first_seen: epochSeconds.meta({ description: 'Epoch seconds at which it was first heard of.' }),
    last_seen: epochSeconds.meta({
      description: 'Epoch seconds at which its last report was received, by the clock of the server.',
    }),
    interval_seconds: z
      .number()
      .nullable()
      .meta({ description: 'Usual time between its reports; null until there were two.' }),
    clock_skew_seconds: z.number().int().nullable().meta({
      description:
        'How far its clock is ahead of the server’s; negative: behind. Good to about a second; what could come from the way is 0.',
    }),
    latest: latestSchema.nullable().meta({ description: 'Null where it has not reported for a week.' }),
    sparkline: z.array(z.number().nullable()).meta({
      description: `Highest CPU percent of each ${SPARK_STEP_SECONDS} s of the last 5 minutes, oldest first, ${SPARK_POINTS} of them; null where nothing was received.`,
    }),
  })
  .meta({ id: 'Agent' });

export type Agent = z.output<typeof agentSchema>;

export const agentChangesSchema = z
  .strictObject({
    name: agentNameSchema.nullable().optional().meta({ description: 'null: it goes by its id again.' }),
    labels: z
      .record(labelKeySchema, labelValueSchema.nullable())
      .refine((labels) => Object.keys(labels).length <= MAX_LABELS, `At most ${MAX_LABELS} labels`)
      .optional()
      .meta({
        description:
          'Those named are set, those that are null are taken away, all others stay. They win over what the agent says of itself.',
      }),
  })
  .refine(({ name, labels }) => name !== undefined || labels !== undefined, 'Give a name, or labels')
  .meta({ id: 'AgentChanges' });

export type AgentChanges = z.output<typeof agentChangesSchema>;
