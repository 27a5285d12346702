import type { AlertRuleBody, Severity } from '../../../core/contracts/alerting/rule.ts';
import { durationField } from '../../form/duration.ts';
import { createFieldReader, ifTyped, type Read } from '../../form/fieldReader.ts';
import { agentsForm, readAgents, type AgentsForm } from '../form/matcherForm.ts';
import { NEW_CONDITION, specOf, type ConditionForm } from './conditions/index.ts';

/** A rule as it is typed. */
export interface RuleForm extends AgentsForm, ConditionForm {
  id: string;
  name: string;
  enabled: boolean;
  severity: Severity;
  lasts: string;
  resolveBelow: string;
  keepFiring: string;
  family: string;
  exempt: boolean;
  summary: string;
}

export const NEW_RULE: RuleForm = {
  ...NEW_CONDITION,
  id: '',
  name: '',
  enabled: true,
  severity: 'warning',
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
    ...specOf(condition.kind).write(condition),
    kind: condition.kind,
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

/** What the form says, as the API takes it: the id goes beside it, or into the path. */
export function readRule(form: RuleForm): Read<AlertRuleBody> {
  const reader = createFieldReader();
  const spec = specOf(form.kind);
  return reader.done({
    name: form.name,
    enabled: form.enabled,
    severity: form.severity,
    condition: spec.read(form, reader),
    for_seconds: reader.seconds('for_seconds', form.lasts),
    ...(spec.unit !== undefined && form.resolveBelow.trim() !== ''
      ? { resolve_below: reader.number('resolve_below', form.resolveBelow) }
      : {}),
    keep_firing_for_seconds: reader.seconds('keep_firing_for_seconds', form.keepFiring),
    match: readAgents(reader, form),
    ...ifTyped('family', form.family),
    exempt: form.exempt,
    ...ifTyped('summary', form.summary),
  });
}
