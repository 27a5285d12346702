import type { Alert } from '../contracts/alerting/alert.ts';
import type { AlertMatcher, Maintenance, Silence } from '../contracts/alerting/silence.ts';
import { compileGlob } from './glob.ts';
import { maintenanceFault, maintenanceWindows } from './maintenanceTimes.ts';

/** What a silence, a maintenance window or a route looks at. */
export type Matched = Pick<Alert, 'agent_id' | 'labels' | 'rule_id' | 'severity'>;

/** Why nobody is notified of an alert. */
export interface SilencedBy {
  kind: 'silence' | 'maintenance';
  id: string;
  /** Epoch seconds: until when, as it is known now. */
  endsAt: number;
}

/** Whether alerts are for a silence, a maintenance window or a route. */
export function compileMatcher({
  agents,
  labels,
  rules,
  severities,
}: AlertMatcher): (alert: Matched) => boolean {
  const globs = agents.map(compileGlob);
  const wanted = Object.entries(labels);
  return (alert) =>
    (rules.length === 0 || rules.includes(alert.rule_id)) &&
    (severities.length === 0 || severities.includes(alert.severity)) &&
    wanted.every(([key, value]) => Object.hasOwn(alert.labels, key) && alert.labels[key] === value) &&
    globs.some((matches) => matches(alert.agent_id));
}

/** At an instant, what silences an alert: nothing where the list is empty. */
export type Silencing = (nowSeconds: number) => (alert: Matched) => SilencedBy[];

/**
 * Makes the silences and maintenance windows of the settings ready. What of them goes on is worked out once for each
 * instant, and so for a page of alerts.
 */
export function createSilencing({
  silences,
  maintenance,
}: {
  silences: readonly Silence[];
  maintenance: readonly Maintenance[];
}): Silencing {
  const fixed = silences.map((silence) => ({
    id: silence.id,
    kind: 'silence' as const,
    matches: compileMatcher(silence.match),
    windowAt: () => ({ startsAt: silence.starts_at, endsAt: silence.ends_at }),
  }));
  // A zone that this machine does not know must not silence what all other windows say.
  const recurring = maintenance
    .filter((one) => maintenanceFault(one, 0) === undefined)
    .map((one) => ({
      id: one.id,
      kind: 'maintenance' as const,
      matches: compileMatcher(one.match),
      windowAt: maintenanceWindows(one).at,
    }));

  return (nowSeconds) => {
    const current = [...fixed, ...recurring].flatMap(({ windowAt, ...one }) => {
      const window = windowAt(nowSeconds);
      const goesOn = window !== undefined && window.startsAt <= nowSeconds && nowSeconds < window.endsAt;
      return goesOn ? [{ ...one, endsAt: window.endsAt }] : [];
    });
    return (alert) =>
      current.flatMap(({ matches, kind, id, endsAt }) => (matches(alert) ? [{ kind, id, endsAt }] : []));
  };
}
