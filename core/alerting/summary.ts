import type { Alert, Culprit } from '../contracts/alerting/alert.ts';
import type { AlertCondition, AlertRule } from '../contracts/alerting/rule.ts';
import { durationText } from '../time.ts';
import type { Said } from './conditions/condition.ts';
import { specOf } from './conditions/index.ts';

/** What an alert says, from its own figures. Labels and names stand in it as they are: whoever shows it escapes it. */
export function summaryOf(alert: Omit<Alert, 'summary'>, { condition, summary }: AlertRule): string {
  const filled = summary === undefined ? '' : fillIn(summary, alert);
  // A template of labels that the agent does not have says nothing.
  return filled.trim() === '' ? ownWords(alert, condition) : filled;
}

/** The summary of an alert that ended without its figure having fallen. */
export function withReason(summary: string, reason: string): string {
  return `${summary} (over: ${reason})`;
}

type Unworded = Omit<Alert, 'summary'>;

function ownWords(alert: Unworded, condition: AlertCondition): string {
  const { agent_id, state, unit } = alert;
  const [culprit] = alert.culprits;
  const said: Said = {
    agent: agent_id,
    lasted: durationText(alert.duration_seconds),
    isOver: state === 'resolved',
    value: amount(alert.value ?? alert.peak, unit),
    peak: amount(alert.peak, unit),
    threshold: amount(alert.threshold, unit),
    mostly: culprit === undefined ? '' : `, mostly ${culpritText(culprit)}`,
  };
  return specOf(condition.kind).summary(said, condition);
}

function fillIn(template: string, alert: Unworded): string {
  const [culprit] = alert.culprits;
  const values: Record<string, string> = {
    agent: alert.agent_id,
    rule: alert.rule_name,
    value: amount(alert.value ?? alert.peak, alert.unit),
    threshold: amount(alert.threshold, alert.unit),
    duration: durationText(alert.duration_seconds),
    culprit: culprit === undefined ? 'unknown' : culpritText(culprit),
  };
  return template.replaceAll(/\{\{\s*([A-Za-z0-9._-]+)\s*\}\}/g, (whole, name: string) => {
    if (name.startsWith('label.'))
      return Object.hasOwn(alert.labels, name.slice(6)) ? (alert.labels[name.slice(6)] ?? '') : '';
    return Object.hasOwn(values, name) ? (values[name] ?? whole) : whole;
  });
}

function culpritText({ name, share }: Culprit): string {
  return `${name} (${Math.round(share * 100)} %)`;
}

function amount(value: number | null, unit: Alert['unit']): string {
  if (value === null) return 'nothing';
  if (unit === 'seconds') return durationText(value);
  const figure = String(Math.round(value * 100) / 100);
  if (unit === 'percent') return `${figure} %`;
  return unit === 'mb' ? `${figure} MB` : figure;
}
