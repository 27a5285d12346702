import { z } from 'zod';
import { CONDITION_KINDS, CONDITION_SCHEMAS } from '../../alerting/conditions/index.ts';
import { labelsSchema } from '../labels.ts';
import { globSchema, lineText, oneOfKinds, storableText } from '../text.ts';

/** Names of rules, silences, channels and routes: what can stand in a path, in YAML and in an alert's id unescaped. */
export const NAME_PATTERN = /^[a-z0-9][a-z0-9_-]{0,63}$/;

export const ruleIdSchema = z
  .string()
  .regex(NAME_PATTERN, 'Id must be 1-64 of a-z 0-9 _ -, and begin with a letter or a digit')
  .meta({ id: 'AlertRuleId', example: 'cpu-hot' });

export const SEVERITIES = ['info', 'warning', 'critical'] as const;

export const severitySchema = z.enum(SEVERITIES).meta({ id: 'Severity' });

export type Severity = z.output<typeof severitySchema>;

/** Which agents a rule, a silence or a route is for: those with any of these ids and all of these labels. */
export const matcherSchema = z
  .strictObject({
    agents: z
      .array(globSchema)
      .min(1)
      .max(100)
      .default(['*'])
      .meta({ description: 'Patterns of agent ids, of which one has to match.' }),
    labels: labelsSchema.default({}).meta({ description: 'Labels of which every one has to be there.' }),
  })
  .meta({ id: 'AgentMatcher' });

export type AgentMatcher = z.output<typeof matcherSchema>;

/** What a rule is about. A figure counts as reached when it is at or above `at_or_above`. */
export const conditionSchema = z
  .discriminatedUnion('kind', CONDITION_SCHEMAS, { error: oneOfKinds(CONDITION_KINDS) })
  .meta({ id: 'AlertCondition' });

export type AlertCondition = z.output<typeof conditionSchema>;

export type ConditionKind = AlertCondition['kind'];

/** Longest time a condition may have to last, in seconds. */
export const MAX_FOR_SECONDS = 86_400;

/** What is between the fields of a rule. */
function checkHysteresis(
  { condition, resolve_below }: { condition: AlertCondition; resolve_below?: number | undefined },
  context: { addIssue(issue: { code: 'custom'; path: string[]; message: string }): void },
): void {
  if (resolve_below === undefined) return;
  const refuse = (message: string) => context.addIssue({ code: 'custom', path: ['resolve_below'], message });
  if (!('at_or_above' in condition)) refuse(`${condition.kind} has no figure`);
  else if (resolve_below > condition.at_or_above) refuse('Must not be above at_or_above');
}

/** A rule as it is written: by the operator, or in a file. */
export const ruleBodySchema = z
  .strictObject({
    name: lineText.trim().min(1).max(128).meta({ example: 'CPU is hot' }),
    enabled: z.boolean().default(true),
    severity: severitySchema.default('warning'),
    condition: conditionSchema,
    for_seconds: z.number().int().min(0).max(MAX_FOR_SECONDS).default(0).meta({
      description: 'How long the condition has to last. A gap of more than 3 usual intervals breaks it.',
    }),
    resolve_below: z.number().nonnegative().optional().meta({
      description: 'Once firing, it goes on until the figure is below this; the threshold where absent.',
    }),
    keep_firing_for_seconds: z
      .number()
      .int()
      .min(0)
      .max(MAX_FOR_SECONDS)
      .default(0)
      .meta({ description: 'How long it has to be over before it counts as resolved.' }),
    match: matcherSchema.default({ agents: ['*'], labels: {} }),
    family: ruleIdSchema.optional().meta({
      description:
        'Of the rules of one family that match an agent, only the most specific one applies: first one that names the agent ' +
        'in full, then the longest text of its pattern apart from * and ?, then the most labels, then the id that comes ' +
        'first. Absent: a family of its own.',
    }),
    exempt: z
      .boolean()
      .default(false)
      .meta({ description: 'Where it is the one that applies, nothing of its family fires.' }),
    summary: storableText.max(500).optional().meta({
      description:
        'What an alert says, with {{agent}}, {{value}}, {{threshold}}, {{duration}}, {{culprit}}, {{rule}} and {{label.KEY}} in it.',
      example: '{{agent}}: CPU at {{value}} for {{duration}}, mostly {{culprit}}',
    }),
  })
  .superRefine(checkHysteresis)
  .meta({ id: 'AlertRuleBody' });

export type AlertRuleBody = z.output<typeof ruleBodySchema>;

/** The same with its id, where it is new or stands among others. */
export const newRuleSchema = z
  .strictObject({ id: ruleIdSchema, ...ruleBodySchema.shape })
  .superRefine(checkHysteresis)
  .meta({ id: 'NewAlertRule' });

/** Where a rule comes from: the environment variables of the contract, a file, or the operator. */
export const RULE_SOURCES = ['built_in', 'file', 'api'] as const;

/** A rule as it is kept and judged by. */
export const ruleSchema = z
  .object({
    ...ruleBodySchema.shape,
    id: ruleIdSchema,
    /** Grows with each change of the rule; an alert says by which it fired. */
    version: z.number().int().min(1),
    source: z.enum(RULE_SOURCES),
  })
  .meta({ id: 'AlertRule' });

export type AlertRule = z.output<typeof ruleSchema>;

/** The rule of the contract's environment variables. Its alerts are also the contract's events. */
export const BUILT_IN_RULE_ID = 'cpu_threshold_duration';
