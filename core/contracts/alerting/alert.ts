import { z } from 'zod';
import { labelsSchema } from '../labels.ts';
import { agentIdSchema } from '../snapshot.ts';
import { ruleIdSchema, severitySchema } from './rule.ts';
import { UNITS } from './unit.ts';

/** Its condition holds, but not yet for long enough; it fires; it is over. */
export const ALERT_STATES = ['pending', 'firing', 'resolved'] as const;

export const alertStateSchema = z.enum(ALERT_STATES).meta({ id: 'AlertState' });

export type AlertState = z.output<typeof alertStateSchema>;

const epochSeconds = z.number().int();

/** A process name that had part in an alert, over the alert's window. */
export const culpritSchema = z
  .object({
    name: z.string(),
    /** Of the process of that name that took most. */
    pid: z.number().int(),
    cpu_seconds: z.number(),
    share: z.number().meta({
      description:
        'Part of what all reported processes took, 0..1: of CPU time, or of memory where the rule is about memory.',
    }),
    peak_cpu_percent: z.number().meta({ description: 'Percent of one core.' }),
    peak_memory_mb: z.number(),
  })
  .meta({ id: 'Culprit' });

export type Culprit = z.output<typeof culpritSchema>;

/** Most culprits an alert names. */
export const MAX_CULPRITS = 5;

/**
 * One window of one rule on one agent, with its evidence. All times are epoch seconds of the agent's snapshots, unless they
 * say otherwise. `revision` grows with each change, so that whoever keeps alerts can let an older one go.
 */
export const alertSchema = z
  .object({
    id: z.string().meta({
      description: 'The same for every change of this alert.',
      example: 'cpu-hot:web-01:1707662400',
    }),
    revision: z.number().int().min(1),
    rule_id: ruleIdSchema,
    rule_version: z.number().int().min(1),
    rule_name: z.string(),
    severity: severitySchema,
    agent_id: agentIdSchema,
    labels: labelsSchema.meta({ description: 'Of the agent, when the window opened.' }),
    state: alertStateSchema,
    started_at: epochSeconds.meta({ description: 'When the condition began to hold.' }),
    fired_at: epochSeconds.nullable(),
    resolved_at: epochSeconds.nullable(),
    decided_at_ms: z
      .number()
      .int()
      .meta({ description: 'When this change was decided, epoch ms by the server’s clock.' }),
    last_sample_at: epochSeconds,
    no_data_since: epochSeconds.nullable().meta({
      description:
        'By the server’s clock: since when nothing comes from the agent of a firing alert. Silence resolves nothing.',
    }),
    unit: z.enum(UNITS),
    threshold: z.number().nullable(),
    value: z.number().nullable().meta({ description: 'When it fired.' }),
    peak: z.number().nullable(),
    average: z.number().nullable(),
    duration_seconds: z.number().meta({ description: 'From its start to its end, or to its last sample.' }),
    samples: z.number().int().meta({ description: 'How many snapshots of the window were judged.' }),
    gaps: z
      .number()
      .int()
      .meta({ description: 'How often more than 3 usual intervals lay between two of them.' }),
    culprits: z.array(culpritSchema).max(MAX_CULPRITS).meta({ description: 'Those that took most, first.' }),
    flapping: z.boolean().meta({ description: 'The rule fired too often on this agent of late.' }),
    summary: z.string(),
  })
  .meta({ id: 'Alert' });

export type Alert = z.output<typeof alertSchema>;

/** What happened to an alert. `update`: of a firing one, its evidence or `no_data_since`. */
export const ALERT_CHANGES = ['pending', 'firing', 'update', 'resolved', 'dropped'] as const;

/** A change as it is handed on and told to live clients. `dropped`: what was pending is over without having fired. */
export const alertChangeSchema = z
  .object({ change: z.enum(ALERT_CHANGES), alert: alertSchema })
  .meta({ id: 'AlertChange' });

export type AlertChange = z.output<typeof alertChangeSchema>;
