import { isOfStaleness } from '../../core/alerting/conditions/index.ts';
import { groupBy } from '../../core/collections.ts';
import type { Alert } from '../../core/contracts/alerting/alert.ts';
import type { AlertingSettings } from '../../core/contracts/alerting/settings.ts';
import { MAX_RACES, retryLost } from '../../core/races.ts';
import type { NotifyDependencies } from './dependencies.ts';
import { withSilence, KEEP_SILENT_MS, parseSilent, silentIdOf } from './inhibition.ts';

/** Keeps which agents are silent: other notifications about them wait. */
export async function noteSilence(
  alerts: readonly Alert[],
  settings: AlertingSettings,
  { groups, now }: Pick<NotifyDependencies, 'groups' | 'now'>,
): Promise<void> {
  const rules = silenceRulesOf(settings);
  const ofAgents = groupBy(
    alerts.filter(({ rule_id }) => rules.has(rule_id)),
    ({ agent_id }) => silentIdOf(agent_id),
  );
  const left = await retryLost(ofAgents.keys(), async (ids) => {
    const known = await groups.load(ids);
    const next = known.flatMap(({ id, revision, text }) => {
      const before = parseSilent(text);
      const after = withSilence(before, ofAgents.get(id) ?? []);
      if (after === before) return [];
      return [{ id, revision, text: JSON.stringify(after), dueAtMs: now() + KEEP_SILENT_MS }];
    });
    return groups.replace(next);
  });
  if (left.length > 0)
    throw new Error(`${left.length} agents' silence changed ${MAX_RACES} times in between`);
}

/** Rules that fire because nothing is received of an agent. */
export function silenceRulesOf({ rules }: AlertingSettings): Set<string> {
  return new Set(rules.filter(({ condition }) => isOfStaleness(condition.kind)).map(({ id }) => id));
}
