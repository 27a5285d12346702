import type { Alert, Culprit } from '../contracts/alerting/alert.ts';
import type { AlertCondition, AlertRule } from '../contracts/alerting/rule.ts';

/** What an alert says, from its own figures. Labels and names stand in it as they are: whoever shows it escapes it. */
export function summaryOf(alert: Omit<Alert, 'summary'>, { condition, summary }: AlertRule): string {
  return summary === undefined ? ownWords(alert, condition) : fillIn(summary, alert);
}

/** The summary of an alert that ended without its figure having fallen. */
export function withReason(summary: string, reason: string): string {
  return `${summary} (over: ${reason})`;
}

/** Seconds in words: `45 s`, `6 min 12 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3_600), Math.floor((whole % 3_600) / 60), whole % 60];
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`;
  if (minutes > 0) return rest > 0 ? `${minutes} min ${rest} s` : `${minutes} min`;
  return `${rest} s`;
}

type Told = Omit<Alert, 'summary'>;

function ownWords(alert: Told, condition: AlertCondition): string {
  const { agent_id, state, unit } = alert;
  const lasted = duration(alert.duration_seconds);
  const what = subjectOf(condition);
  if (condition.kind === 'agent_silent')
    return state === 'resolved'
      ? `${agent_id} reports again after ${lasted}`
      : `${agent_id} has not reported for ${lasted}`;
  if (condition.kind === 'process_missing')
    return state === 'resolved'
      ? `${agent_id}: ${what} is back after ${lasted}`
      : `${agent_id}: ${what} has been missing for ${lasted}`;
  const [culprit] = alert.culprits;
  const mostly = culprit === undefined ? '' : `, mostly ${culpritText(culprit)}`;
  const threshold = amount(alert.threshold, unit);
  if (state === 'resolved')
    return `${agent_id}: ${what} was at or above ${threshold} for ${lasted}, peak ${amount(alert.peak, unit)}${mostly}`;
  const value = amount(alert.value ?? alert.peak, unit);
  return `${agent_id}: ${what} at ${value}, at or above ${threshold} for ${lasted}${mostly}`;
}

function subjectOf(condition: AlertCondition): string {
  switch (condition.kind) {
    case 'cpu':
      return 'CPU';
    case 'memory':
      return 'memory used';
    case 'process':
      return `${condition.of === 'cpu' ? 'CPU' : 'memory'} of ${condition.process}`;
    case 'process_missing':
      return condition.process;
    case 'agent_silent':
      return 'silence';
    case 'single_core_hog':
      return 'one process on one core';
    case 'rate_of_change':
      return `rise of ${condition.of === 'cpu' ? 'CPU' : 'memory'} within ${duration(condition.within_seconds)}`;
  }
}

function fillIn(template: string, alert: Told): string {
  const [culprit] = alert.culprits;
  const values: Record<string, string> = {
    agent: alert.agent_id,
    rule: alert.rule_name,
    value: amount(alert.value ?? alert.peak, alert.unit),
    threshold: amount(alert.threshold, alert.unit),
    duration: duration(alert.duration_seconds),
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
  if (unit === 'seconds') return duration(value);
  const figure = String(Math.round(value * 100) / 100);
  if (unit === 'percent') return `${figure} %`;
  return unit === 'mb' ? `${figure} MB` : figure;
}
