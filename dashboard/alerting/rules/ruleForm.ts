import type {
  AlertCondition,
  ConditionKind,
  AlertRuleBody,
  Severity,
} from '../../../core/contracts/alerting/rule.ts';
import { durationField } from '../../form/duration.ts';
import { createFieldReader, ifTyped, type Read } from '../../form/fieldReader.ts';
import { agentsForm, readAgents, type AgentsForm } from '../form/matcherForm.ts';

type Of<Kind extends ConditionKind> = Extract<AlertCondition, { kind: Kind }>;

/**
 * A rule as it is typed. The fields of all kinds are there: whoever looks at another kind and comes back finds what was
 * typed.
 */
export interface RuleForm extends AgentsForm {
  id: string;
  name: string;
  enabled: boolean;
  severity: Severity;
  kind: ConditionKind;
  atOrAbove: string;
  memoryUnit: Of<'memory'>['unit'];
  process: string;
  processOf: Of<'process'>['of'];
  riseOf: Of<'rate_of_change'>['of'];
  within: string;
  lasts: string;
  resolveBelow: string;
  keepFiring: string;
  family: string;
  exempt: boolean;
  summary: string;
}

export const NEW_RULE: RuleForm = {
  id: '',
  name: '',
  enabled: true,
  severity: 'warning',
  kind: 'cpu',
  atOrAbove: '90',
  memoryUnit: 'percent',
  process: '',
  processOf: 'cpu',
  riseOf: 'cpu',
  within: '5 min',
  lasts: '1 min',
  resolveBelow: '',
  keepFiring: '0 s',
  agents: '*',
  labels: '',
  family: '',
  exempt: false,
  summary: '',
};

/** The form of a rule that there is. */
export function ruleForm(rule: AlertRuleBody & { id: string }): RuleForm {
  const { id, name, enabled, severity, condition, resolve_below, family, exempt, summary } = rule;
  return {
    ...NEW_RULE,
    ...conditionForm(condition),
    ...agentsForm(rule.match),
    id,
    name,
    enabled,
    severity,
    lasts: durationField(rule.for_seconds),
    resolveBelow: resolve_below === undefined ? '' : String(resolve_below),
    keepFiring: durationField(rule.keep_firing_for_seconds),
    family: family ?? '',
    exempt,
    summary: summary ?? '',
  };
}

function conditionForm(condition: AlertCondition): Partial<RuleForm> {
  const figure = 'at_or_above' in condition ? { atOrAbove: String(condition.at_or_above) } : {};
  const { kind } = condition;
  switch (kind) {
    case 'memory':
      return { kind, ...figure, memoryUnit: condition.unit };
    case 'process':
      return { kind, ...figure, process: condition.process, processOf: condition.of };
    case 'process_missing':
      return { kind, process: condition.process };
    case 'rate_of_change':
      return { kind, ...figure, riseOf: condition.of, within: durationField(condition.within_seconds) };
    case 'cpu':
    case 'single_core_hog':
    case 'agent_silent':
      return { kind, ...figure };
  }
}

/** What the form says, as the API takes it: the id goes beside it, or into the path. */
export function readRule(form: RuleForm): Read<AlertRuleBody> {
  const reader = createFieldReader();
  const withFigure = hasFigure(form.kind);
  return reader.done({
    name: form.name,
    enabled: form.enabled,
    severity: form.severity,
    condition: readCondition(reader, form),
    for_seconds: reader.seconds('for_seconds', form.lasts),
    ...(withFigure && form.resolveBelow.trim() !== ''
      ? { resolve_below: reader.number('resolve_below', form.resolveBelow) }
      : {}),
    keep_firing_for_seconds: reader.seconds('keep_firing_for_seconds', form.keepFiring),
    match: readAgents(reader, form),
    ...ifTyped('family', form.family),
    exempt: form.exempt,
    ...ifTyped('summary', form.summary),
  });
}

function readCondition(reader: ReturnType<typeof createFieldReader>, form: RuleForm): AlertCondition {
  const { kind, process } = form;
  const figure = () => reader.number('condition.at_or_above', form.atOrAbove);
  switch (kind) {
    case 'cpu':
    case 'single_core_hog':
      return { kind, at_or_above: figure() };
    case 'memory':
      return { kind, at_or_above: figure(), unit: form.memoryUnit };
    case 'process':
      return { kind, process, of: form.processOf, at_or_above: figure() };
    case 'process_missing':
      return { kind, process };
    case 'agent_silent':
      return { kind };
    case 'rate_of_change':
      return {
        kind,
        of: form.riseOf,
        at_or_above: figure(),
        within_seconds: reader.seconds('condition.within_seconds', form.within),
      };
  }
}

/** Whether a condition of this kind compares a figure with a threshold. */
export function hasFigure(kind: ConditionKind): boolean {
  return kind !== 'process_missing' && kind !== 'agent_silent';
}
