import { isOfStaleness } from '../../core/alerting/conditions/index.ts';
import { groupBy } from '../../core/collections.ts';
import type { Alert } from '../../core/contracts/alerting/alert.ts';
import type { AlertingSettings } from '../../core/contracts/alerting/settings.ts';
import type { NotifyDependencies } from './dependencies.ts';
import { withSilence, KEEP_SILENT_MS, parseSilent, silentIdOf } from './inhibition.ts';

/** How often what others keep changing is tried; each loss of the race means that another one won it. */
const MAX_RACES = 20;

/** Keeps which agents are silent: other notifications about them wait. */
export async function noteSilence(
  alerts: readonly Alert[],
  settings: AlertingSettings,
  { groups, now }: Pick<NotifyDependencies, 'groups' | 'now'>,
): Promise<void> {
  const rules = silenceRulesOf(settings);
  let waiting = groupBy(
    alerts.filter(({ rule_id }) => rules.has(rule_id)),
    ({ agent_id }) => silentIdOf(agent_id),
  );
  for (let race = 0; race < MAX_RACES && waiting.size > 0; race += 1) {
    const known = await groups.load([...waiting.keys()]);
    const next = known.flatMap(({ id, revision, text }) => {
      const before = parseSilent(text);
      const after = withSilence(before, waiting.get(id) ?? []);
      if (after === before) return [];
      return [{ id, revision, text: JSON.stringify(after), dueAtMs: now() + KEEP_SILENT_MS }];
    });
    const lost = await groups.replace(next);
    waiting = new Map([...waiting].filter(([id]) => lost.has(id)));
  }
  if (waiting.size > 0)
    throw new Error(`${waiting.size} agents' silence changed ${MAX_RACES} times in between`);
}

/** Rules that fire because nothing is received of an agent. */
export function silenceRulesOf({ rules }: AlertingSettings): Set<string> {
  return new Set(rules.filter(({ condition }) => isOfStaleness(condition.kind)).map(({ id }) => id));
}
