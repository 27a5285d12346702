import { z } from 'zod';
import { agentSchema, conditionSchema } from './agents.ts';
import { labelQuerySchema, labelsSchema } from './labels.ts';
import { agentIdSchema } from './snapshot.ts';

/** What a list of agents may be put in order by. */
export const SORTS = ['id', 'name', 'cpu', 'memory', 'last_seen', 'state'] as const;
export type Sort = (typeof SORTS)[number];

export const ORDERS = ['asc', 'desc'] as const;
export type Order = (typeof ORDERS)[number];

/** What `GET /api/agents` is asked. */
export const agentsQuerySchema = z.object({
  search: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .meta({ description: 'Part of the id or the name, in any case.', example: 'web' }),
  state: conditionSchema.optional(),
  label: labelQuerySchema,
  sort: z
    .enum(SORTS)
    .default('id')
    .meta({ description: 'memory: by the share that is used. Agents without a figure come last.' }),
  order: z.enum(ORDERS).optional().meta({
    description: 'Where absent: largest, or latest, first for cpu, memory and last_seen, asc for the rest.',
  }),
  limit: z.coerce.number<string>().int().min(1).max(1000).default(100),
  cursor: z
    .string()
    .max(1024)
    .optional()
    .meta({
      description:
        'next_cursor of the page before, with all else as it was there. Every agent is shown once, however the figures ' +
        'move; where the order is not that of ids, a cursor is good for some minutes.',
    }),
});

export const agentPageSchema = z
  .object({ agents: z.array(agentSchema), next_cursor: z.string().nullable() })
  .meta({ id: 'AgentPage' });

/** Most agents that one request forgets: within what it may take, on a busy machine as well. */
export const MAX_FORGOTTEN = 100;

/** What `POST /api/agents/forget` takes. */
export const forgetAgentsSchema = z
  .strictObject({
    state: conditionSchema,
    older_than_seconds: z
      .number()
      .int()
      .min(0)
      .default(0)
      .meta({ description: 'Only those that were last seen so long ago.', example: 604800 }),
    search: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .meta({ description: 'Part of the id or the name, in any case.' }),
    labels: labelsSchema.default({}).meta({ description: 'Labels of which every one has to be there.' }),
    limit: z.number().int().min(1).max(MAX_FORGOTTEN).default(MAX_FORGOTTEN),
    dry_run: z.boolean().default(false).meta({ description: 'Tells which they are, and leaves them.' }),
  })
  .meta({ id: 'ForgetAgents' });

export const forgottenAgentsSchema = z
  .object({
    agents: z.array(agentIdSchema).meta({ description: 'Those that are forgotten by this request.' }),
    matching: z
      .number()
      .int()
      .nonnegative()
      .meta({ description: 'How many there were, these included: ask again until none is left.' }),
  })
  .meta({ id: 'ForgottenAgents' });

export type ForgottenAgents = z.output<typeof forgottenAgentsSchema>;

/** What `DELETE /api/agents/:id` answers. */
export const forgettingSchema = z
  .object({ status: z.literal('forgetting'), id: agentIdSchema })
  .meta({ id: 'Forgetting' });

export type AgentPage = z.output<typeof agentPageSchema>;
export type Forgetting = z.output<typeof forgettingSchema>;
