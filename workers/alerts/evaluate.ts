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
  type Firing,
} from './cpuWindow.ts';
import { parseState, serialiseState } from './windowState.ts';

const RULE = 'cpu_threshold_duration';

/** How often a state that others keep changing is tried; each loss of the race means that another one won it. */
const MAX_RACES = 20;

/** Judges a batch of samples: each agent's in one step. Repeating a batch fires nothing twice. */
export async function evaluateAlerts(
  batch: AlertsBatch,
  { alerts, rule, nowSeconds }: { alerts: AlertStore; rule: CpuRule; nowSeconds: number },
): Promise<void> {
  const byAgent = groupBy(batch.samples, (sample) => sample.agentId);
  await Promise.all(
    [...byAgent].map(([agentId, samples]) => evaluateAgent(agentId, samples, { alerts, rule, nowSeconds })),
  );
}

/**
 * Decide, save, then announce. The window is saved as fired before its event goes out, so that two workers cannot fire
 * it with different figures; it is marked as announced after that, so that a crash in between announces it again, and
 * the store lets the same event out once.
 */
async function evaluateAgent(
  agentId: string,
  samples: CpuSample[],
  { alerts, rule, nowSeconds }: { alerts: AlertStore; rule: CpuRule; nowSeconds: number },
): Promise<void> {
  for (let race = 0; race < MAX_RACES; race += 1) {
    const { revision, text } = await alerts.loadState(RULE, agentId);
    const before = parseState(text);
    const after = judge(before, samples, rule);
    const firings = unannounced(after);
    if (after === before && firings.length === 0) return;
    if (after !== before) {
      if (!(await alerts.replaceState(RULE, agentId, revision, serialiseState(after)))) continue;
      if (firings.length === 0) return;
    }
    await failpoint('alerts.decided');
    for (const firing of firings) await alerts.record(eventOf(agentId, firing), nowSeconds);
    await failpoint('alerts.announced');
    const latest = after === before ? revision : String(Number(revision) + 1);
    // Losing this race is fine: whoever won it finds the window unannounced and announces it again, to no effect.
    await alerts.replaceState(RULE, agentId, latest, serialiseState(withAllAnnounced(after)));
    return;
  }
  throw new Error(`the alert state of ${agentId} changed ${MAX_RACES} times while it was being judged`);
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
