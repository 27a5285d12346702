import type { PruneTask } from '../../core/contracts/queues.ts';
import { RejectedDataError } from '../../core/errors.ts';
import type { Logger } from '../../core/platform/logger.ts';
import type { AcknowledgementStore } from '../../core/stores/redis/acknowledgements.ts';
import type { AgentStateStore } from '../../core/stores/redis/agentStates.ts';
import type { AgentStore } from '../../core/stores/postgres/agents.ts';
import type { AlertHistoryStore } from '../../core/stores/postgres/alertHistory.ts';
import type { AlertStore } from '../../core/stores/redis/alerts.ts';
import type { OpenAlertStore } from '../../core/stores/redis/openAlerts.ts';
import type { RollupStore } from '../../core/stores/postgres/rollups.ts';
import type { SnapshotStore } from '../../core/stores/postgres/snapshots.ts';
import type { TimelineStore } from '../../core/stores/redis/timeline.ts';
import { forgetAgent, type ForgetDependencies } from './forget.ts';

export interface PruneStores {
  timeline: TimelineStore;
  alerts: AlertStore;
  openAlerts: Pick<OpenAlertStore, 'ids'>;
  acknowledgements: Pick<AcknowledgementStore, 'prune'>;
  alerting: ForgetDependencies['alerting'];
  /** Absent where no history is kept. */
  snapshots: SnapshotStore | undefined;
  rollups: RollupStore | undefined;
  alertHistory: AlertHistoryStore | undefined;
  agents: AgentStore | undefined;
  agentStates: AgentStateStore;
}

interface Pruning extends PruneStores {
  log: Logger;
  nowSeconds: number;
  goOn: ForgetDependencies['goOn'];
}

/** Drops what is older than each store's retention, or forgets an agent. Repeating it finds nothing left to drop. */
export async function prune(task: PruneTask, pruning: Pruning): Promise<void> {
  const { timeline, alerts, snapshots, rollups, alertHistory, agents, log, nowSeconds } = pruning;
  if ('forget' in task) {
    if (agents === undefined) throw new RejectedDataError('an agent is forgotten where POSTGRES_DSN is set');
    await forgetAgent(task.forget, { ...pruning, agents, nowMs: nowSeconds * 1000 });
    return;
  }
  if (task.store === 'redis') {
    const [records, events] = [await timeline.prune(nowSeconds), await alerts.prune(nowSeconds)];
    const openIds = await pruning.openAlerts.ids();
    const acknowledgements = await pruning.acknowledgements.prune(openIds, nowSeconds * 1000);
    log.debug({ records, events, acknowledgements }, 'pruned Redis');
    return;
  }
  if (snapshots === undefined || rollups === undefined) return;
  await snapshots.ensureAhead();
  await rollups.ensureAhead();
  log.info({ ...(await snapshots.prune()), ...(await rollups.prune()) }, 'pruned PostgreSQL');
  await agents?.prune();
  log.info({ ...(await alertHistory?.prune()) }, 'pruned what became of alerts');
}
