import type { Alert } from '../../core/contracts/alerting/alert.ts';
import type { AlertingSettings } from '../../core/contracts/alerting/settings.ts';
import { failpoint } from '../../core/platform/failpoints.ts';
import { MAX_RACES, retryLost } from '../../core/races.ts';
import type { StoredGroup } from '../../core/stores/redis/notifyGroups.ts';
import {
  emptyGroup,
  withAlert,
  knows,
  parseGroup,
  GROUPINGS,
  type GroupBy,
  type GroupState,
} from './groupState.ts';
import type { NotifyDependencies } from './dependencies.ts';
import { matchesAlert, silencingOf } from './matching.ts';
import { plan, type Plan } from './plan.ts';
import { isSilent, isSilentId, KEEP_SILENT_MS, parseSilent, silentIdOf } from './inhibition.ts';
import { silenceRulesOf } from './noteSilence.ts';

/** An alert that a group gets. */
export interface Arrival {
  alert: Alert;
  /** Whether it belongs to the group, or is only of interest where the group has told of it. */
  belongs: boolean;
}

interface Decided {
  stored: StoredGroup;
  plan: Plan;
}

/** Decides for groups of what they notify, and hands it on. Groups that another worker changes meanwhile are decided again. */
export async function notifyGroups(
  arrivals: ReadonlyMap<string, Arrival[]>,
  settings: AlertingSettings,
  deps: NotifyDependencies,
): Promise<void> {
  const left = await retryLost(arrivals.keys(), async (ids) => {
    const known = await deps.groups.load(ids);
    await forgetSilence(known, deps);
    const groups = mergeArrivals(
      known.filter(({ id }) => !isSilentId(id)),
      arrivals,
      deps.now(),
    );
    const decided = await decideAll(groups, settings, deps);
    const lost = await deps.groups.replace(decided.map(({ stored, plan: made }) => nextOf(stored, made)));
    await handOn(
      decided.filter(({ stored }) => !lost.has(stored.id)),
      deps,
    );
    return lost;
  });
  if (left.length > 0) throw new Error(`${left.length} groups changed ${MAX_RACES} times in between`);
}

/** The groups with what arrived. Of one route, an alert joins no group while another one knows it. */
function mergeArrivals(
  known: StoredGroup[],
  arrivals: ReadonlyMap<string, Arrival[]>,
  nowMs: number,
): { stored: StoredGroup; before: GroupState | undefined; state: GroupState }[] {
  const groups = known.map((stored) => ({ stored, before: parseGroup(stored.text) }));
  return groups.flatMap(({ stored, before }) => {
    const state = before ?? newGroup(stored.id);
    if (state === undefined) return [];
    const others = groups.filter(
      (other) => other.before?.routeId === state.routeId && other.stored.id !== stored.id,
    );
    const after = (arrivals.get(stored.id) ?? []).reduce((group, { alert, belongs }) => {
      const isElsewhere = others.some((other) => other.before !== undefined && knows(other.before, alert.id));
      return withAlert(group, alert, belongs && !isElsewhere, nowMs);
    }, state);
    // One that was only asked whether it knew.
    if (before === undefined && after === state && stored.text === undefined) return [];
    return [{ stored, before, state: after }];
  });
}

function newGroup(id: string): GroupState | undefined {
  const [routeId = '', grouping = '', ...rest] = id.split(' ');
  const groupBy: GroupBy | undefined = GROUPINGS.find((one) => one === grouping);
  return groupBy === undefined ? undefined : emptyGroup(routeId, groupBy, rest.join(' '));
}

async function decideAll(
  groups: { stored: StoredGroup; state: GroupState }[],
  settings: AlertingSettings,
  { acknowledged: acknowledgedOf, now, groups: store }: NotifyDependencies,
): Promise<Decided[]> {
  const nowMs = now();
  const alerts = groups.flatMap(({ state }) => Object.values(state.members).map(({ alert }) => alert));
  const silenceRules = silenceRulesOf(settings);
  const agentIds = silenceRules.size === 0 ? [] : [...new Set(alerts.map(({ agent_id }) => agent_id))];
  const [acknowledged, agents] = await Promise.all([
    alerts.length === 0 ? new Set<string>() : acknowledgedOf(alerts.map(({ id }) => id)),
    store.load(agentIds.map(silentIdOf)),
  ]);
  const silent = new Set(agents.filter(({ text }) => isSilent(parseSilent(text))).map(({ id }) => id));
  const isSilenced = silencingOf(settings, nowMs);
  const routes = new Map(settings.routes.map((route) => [route.id, route]));
  const kinds = new Map(settings.channels.map(({ id, target }) => [id, target.kind]));
  return groups.map(({ stored, state }) => {
    const route = routes.get(state.routeId);
    const made = plan(state, {
      nowMs,
      route,
      matches: (alert) =>
        route !== undefined && route.group_by === state.groupBy && matchesAlert(route.match, alert),
      isHeld: (alert) =>
        isSilenced(alert) || (silent.has(silentIdOf(alert.agent_id)) && !silenceRules.has(alert.rule_id)),
      isAcknowledged: (alertId) => acknowledged.has(alertId),
      forgets: (channelId) => kinds.get(channelId) === 'alertmanager',
    });
    return { stored, plan: made };
  });
}

/** Hands on what was decided, and then takes it out of the outboxes. */
async function handOn(decided: Decided[], { send, groups }: NotifyDependencies): Promise<void> {
  const full = decided.filter(({ plan: { state } }) => state.outbox.length > 0);
  if (full.length === 0) return;
  await failpoint('notify.decided');
  await send(full.flatMap(({ plan: { state } }) => state.outbox));
  await failpoint('notify.dispatched');
  // Losing this race is fine: whoever won it hands the same on once more, to no effect.
  await groups.replace(
    full.map(({ stored, plan: made }) =>
      nextOf(
        { ...stored, revision: stored.revision + 1 },
        { ...made, state: { ...made.state, outbox: [] }, wakeAtMs: made.wakeAfterSendingMs },
      ),
    ),
  );
}

function nextOf({ id, revision }: StoredGroup, { state, wakeAtMs, isDone }: Plan) {
  return { id, revision, text: isDone ? undefined : JSON.stringify(state), dueAtMs: wakeAtMs };
}

/** What was remembered of agents that report again for long enough goes; what is still silent stays. */
async function forgetSilence(known: StoredGroup[], { groups, now }: NotifyDependencies): Promise<void> {
  const next = known
    .filter(({ id }) => isSilentId(id))
    .map(({ id, revision, text }) =>
      isSilent(parseSilent(text))
        ? { id, revision, text, dueAtMs: now() + KEEP_SILENT_MS }
        : { id, revision, text: undefined, dueAtMs: undefined },
    );
  await groups.replace(next);
}
