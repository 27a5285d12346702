import {
  compileMatcher,
  createSilencing,
  type Matched,
  type Silencing,
} from '../../core/alerting/silencing.ts';
import type { Alert } from '../../core/contracts/alerting/alert.ts';
import type { AlertingSettings } from '../../core/contracts/alerting/settings.ts';
import type { AlertMatcher } from '../../core/contracts/alerting/silence.ts';

/** Each is made ready once for a version of the settings. */
const matchers = new WeakMap<AlertMatcher, (alert: Matched) => boolean>();
const silencings = new WeakMap<AlertingSettings, Silencing>();

/** Whether an alert is one of those that a route is for. */
export function matchesAlert(matcher: AlertMatcher, alert: Alert): boolean {
  return kept(matchers, matcher, compileMatcher)(alert);
}

/** Which alerts a silence or maintenance holds at an instant. */
export function silencingOf(settings: AlertingSettings, nowMs: number): (alert: Alert) => boolean {
  const silencedBy = kept(silencings, settings, createSilencing)(Math.floor(nowMs / 1000));
  return (alert) => silencedBy(alert).length > 0;
}

function kept<Key extends object, Value>(
  known: WeakMap<Key, Value>,
  key: Key,
  make: (key: Key) => Value,
): Value {
  const before = known.get(key);
  if (before !== undefined) return before;
  const made = make(key);
  known.set(key, made);
  return made;
}
