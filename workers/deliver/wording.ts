import type { Alert, Culprit } from '../../core/contracts/alerting/alert.ts';
import type { Notice } from '../../core/contracts/alerting/notice.ts';
import { serverMs } from './serverTime.ts';

/** Most alerts spelt out in one text; the rest is counted. */
export const MAX_SPELT_OUT = 10;

const PREFIXES: Record<Notice['kind'], string> = {
  firing: 'Firing',
  still_firing: 'Still firing',
  resolved: 'Resolved',
  escalation: 'Not acknowledged',
  test: 'Test',
};

/** What a message says in one line: of one alert its own words, of several how many. */
export function titleOf({ kind, alerts }: Notice): string {
  const [first] = alerts;
  if (first === undefined) return PREFIXES[kind];
  const hosts = new Set(alerts.map(({ agent_id }) => agent_id));
  const where = hosts.size === 1 ? first.agent_id : `${hosts.size} hosts`;
  const what = alerts.length === 1 ? first.rule_name : `${alerts.length} alerts`;
  return oneLine(`${PREFIXES[kind]}: ${what} on ${where}`);
}

/** Figures of an alert with their names, in the order they are shown. */
export function factsOf(alert: Alert, nowMs: number): [name: string, value: string][] {
  const facts: [string, string | undefined][] = [
    ['Host', alert.agent_id],
    ['Severity', alert.severity + (alert.flapping ? ', flapping' : '')],
    ['Value', figure(alert.value, alert.unit)],
    ['Threshold', figure(alert.threshold, alert.unit)],
    ['Peak', figure(alert.peak, alert.unit)],
    alert.state === 'resolved'
      ? ['Fired for', durationText(durationOf(alert, nowMs))]
      : ['Since', utcText(serverMs(alert, alert.started_at) / 1000)],
    ['Mostly', alert.culprits.length === 0 ? undefined : alert.culprits.map(culpritText).join(', ')],
    ['Labels', labelsText(alert)],
    ['No data since', alert.no_data_since === null ? undefined : utcText(alert.no_data_since)],
  ];
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, oneLine(value)]]));
}

/** What an alert came to: `fired 6m12s, peak 98 %, 81 % of it ffmpeg`. */
export function outcomeOf(alert: Alert, nowMs: number): string {
  const [culprit] = alert.culprits;
  const peak = figure(alert.peak, alert.unit);
  return [
    `${alert.state === 'resolved' ? 'fired' : 'firing for'} ${durationText(durationOf(alert, nowMs))}`,
    ...(peak === undefined ? [] : [`peak ${peak}`]),
    ...(culprit === undefined ? [] : [`${Math.round(culprit.share * 100)} % of it ${culprit.name}`]),
  ].join(', ');
}

/** The sentence of an alert: its summary; and what it came to, unless that is where it begins. */
export function sentenceOf(alert: Alert, kind: Notice['kind'], nowMs: number): string {
  const summary = oneLine(alert.summary);
  if (kind === 'firing' || kind === 'test') return summary;
  const cameTo = oneLine(outcomeOf(alert, nowMs));
  if (kind === 'escalation') return `${summary} (${cameTo}, and nobody has acknowledged it)`;
  return `${summary} (${cameTo})`;
}

/**
 * A text in which nothing begins a line or turns the direction: hosts and processes name themselves, and what they are called
 * is not to look like something that we say.
 */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, ' ');
}

/** The page of the host at the moment it is about; undefined where nobody said where the pages are. */
export function linkOf(alert: Alert, publicUrl: string | undefined): string | undefined {
  if (publicUrl === undefined) return undefined;
  const at = alert.fired_at ?? alert.started_at;
  return `${publicUrl}/hosts/${encodeURIComponent(alert.agent_id)}?at=${at}`;
}

/** `6m12s`, `2d3h`: the two largest units. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3_600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'm'],
    [whole % 60, 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return '0s';
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join('');
}

/** `2026-11-25 03:12:07 UTC` */
export function utcText(epochSeconds: number): string {
  return `${new Date(epochSeconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** From when it fired; while it fires, until now, unless nothing has come since. */
function durationOf(alert: Alert, nowMs: number): number {
  const { state, fired_at, started_at, resolved_at, no_data_since } = alert;
  const beganMs = serverMs(alert, fired_at ?? started_at);
  if (state === 'resolved' && resolved_at !== null) return (serverMs(alert, resolved_at) - beganMs) / 1000;
  // By the server's clock, both.
  return (no_data_since ?? nowMs / 1000) - beganMs / 1000;
}

function culpritText({ name, share }: Culprit): string {
  return `${name} ${Math.round(share * 100)} %`;
}

function labelsText({ labels }: Alert): string | undefined {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? undefined : pairs.join(' ');
}

function figure(value: number | null, unit: Alert['unit']): string | undefined {
  if (value === null) return undefined;
  if (unit === 'seconds') return durationText(value);
  const rounded = String(Math.round(value * 10) / 10);
  return { percent: `${rounded} %`, mb: `${rounded} MB`, none: rounded }[unit];
}

/** A text cut to so many UTF-16 units, without half a character at its end. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = /[\uD800-\uDBFF]$/.test(text.slice(0, length - 1)) ? length - 2 : length - 1;
  return `${text.slice(0, end)}…`;
}
