import { groupBy } from '../../core/collections.ts';
import type { AlertEvent } from '../../core/contracts/alert.ts';
import type { AlertsBatch } from '../../core/contracts/queues.ts';
import { failpoint } from '../../core/platform/failpoints.ts';
import type { AlertStore } from '../../core/stores/alerts.ts';
import {
  judge,
  unannounced,
  withAllAnnounced,
  type CpuRule,
  type CpuSample,
  type CpuWindowState,
  type Firing,
} from './cpuWindow.ts';
import { parseState, serialiseState } from './windowState.ts';

const RULE = 'cpu_threshold_duration';

/** How often a state that others keep changing is tried; each loss of the race means that another one won it. */
const MAX_RACES = 20;

interface Judging {
  alerts: AlertStore;
  rule: CpuRule;
  nowSeconds: number;
}

/**
 * Judges a batch of samples: each agent's in one step, those of all agents in two questions to the store. Repeating a
 * batch fires nothing twice.
 *
 * Decide, save, then announce. A window is saved as fired before its event goes out, so that two workers cannot fire it
 * with different figures; it is marked as announced after that, so that a crash in between announces it again, and the
 * store lets the same event out once.
 */
export async function evaluateAlerts(batch: AlertsBatch, judging: Judging): Promise<void> {
  let undecided: ReadonlyMap<string, CpuSample[]> = groupBy(batch.samples, (sample) => sample.agentId);
  for (let race = 0; race < MAX_RACES; race += 1) {
    undecided = await judgeAll(undecided, judging);
    if (undecided.size === 0) return;
  }
  const [agentId] = undecided.keys();
  throw new Error(`the alert state of ${agentId} changed ${MAX_RACES} times while it was being judged`);
}

/** Resolves to the samples of those agents whose state another worker changed meanwhile. */
async function judgeAll(
  samples: ReadonlyMap<string, CpuSample[]>,
  judging: Judging,
): Promise<Map<string, CpuSample[]>> {
  const { alerts, rule } = judging;
  const agentIds = [...samples.keys()];
  const states = await alerts.loadStates(RULE, agentIds);
  const decisions = agentIds.map((agentId, i) => {
    const { revision = '0', text } = states[i] ?? {};
    const before = parseState(text);
    const after = judge(before, samples.get(agentId) ?? [], rule);
    return { agentId, revision, after, changed: after !== before };
  });
  const changed = decisions.filter((decision) => decision.changed);
  const outcomes = await alerts.replaceStates(
    RULE,
    changed.map(({ agentId, revision, after }) => ({ agentId, revision, text: serialiseState(after) })),
  );
  const lost = new Set(changed.filter((_, i) => outcomes[i] !== true).map(({ agentId }) => agentId));
  await Promise.all(
    decisions
      .filter(({ agentId, after }) => !lost.has(agentId) && unannounced(after).length > 0)
      .map((decision) => announce(decision, judging)),
  );
  return new Map([...samples].filter(([agentId]) => lost.has(agentId)));
}

async function announce(
  decision: { agentId: string; revision: string; after: CpuWindowState; changed: boolean },
  { alerts, nowSeconds }: Judging,
): Promise<void> {
  const { agentId, revision, after, changed } = decision;
  await failpoint('alerts.decided');
  for (const firing of unannounced(after)) await alerts.record(eventOf(agentId, firing), nowSeconds);
  await failpoint('alerts.announced');
  const latest = changed ? String(Number(revision) + 1) : revision;
  const text = serialiseState(withAllAnnounced(after));
  // Losing this race is fine: whoever won it finds the window unannounced and announces it again, to no effect.
  await alerts.replaceStates(RULE, [{ agentId, revision: latest, text }]);
}

function eventOf(agentId: string, { startedAt, timestamp, cpuPercent, rule }: Firing): AlertEvent {
  return {
    timestamp,
    rule: RULE,
    severity: 'warning',
    message: `CPU usage remained above ${rule.threshold.toFixed(2)}% for at least ${rule.durationSeconds} seconds`,
    current_value: cpuPercent,
    threshold: rule.threshold,
    id: `${RULE}:${agentId}:${startedAt}`,
    agent_id: agentId,
    started_at: startedAt,
  };
}
