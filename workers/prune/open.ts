import { createAgentStore } from '../../core/stores/postgres/agents.ts';
import { createAlertHistoryStore } from '../../core/stores/postgres/alertHistory.ts';
import { createRollupStore } from '../../core/stores/postgres/rollups.ts';
import { createSnapshotStore } from '../../core/stores/postgres/snapshots.ts';
import { createAcknowledgementStore } from '../../core/stores/redis/acknowledgements.ts';
import { createAgentStateStore } from '../../core/stores/redis/agentStates.ts';
import { createAlertStore } from '../../core/stores/redis/alerts.ts';
import { createOpenAlertStore } from '../../core/stores/redis/openAlerts.ts';
import { createTimelineStore } from '../../core/stores/redis/timeline.ts';
import { nowSeconds } from '../../core/time.ts';
import type { WorkerContext } from '../run/context.ts';
import type { Postgres } from '../run/postgres.ts';
import type { OpenedRole } from '../run/role.ts';
import type { ForgetDependencies } from './forget.ts';
import { prune, type PruneStores } from './prune.ts';
import { startUpgrade } from './upgrade.ts';

/** @param alerting ends what is open on an agent that is forgotten */
export function openPrune(
  context: WorkerContext,
  postgres: Postgres | undefined,
  alerting: PruneStores['alerting'],
): OpenedRole<'prune'> {
  const { config, log, lifecycle, redis } = context;
  const stores: PruneStores = {
    timeline: createTimelineStore(redis, config.timeline),
    alerts: createAlertStore(redis, config.alerts),
    openAlerts: createOpenAlertStore(redis),
    acknowledgements: createAcknowledgementStore(redis),
    alerting,
    agentStates: createAgentStateStore(redis, config.timeline),
    snapshots: postgres && createSnapshotStore(postgres),
    rollups: postgres && createRollupStore(postgres),
    alertHistory: postgres && createAlertHistoryStore(postgres),
    agents: postgres && createAgentStore(postgres),
  };
  const pruneQueue = context.queue('prune');
  const goOn: ForgetDependencies['goOn'] = async (task, delayMs) => {
    await pruneQueue.add('forget', { forget: task }, { delay: delayMs });
  };
  return {
    process: (task) => prune(task, { ...stores, log, nowSeconds: nowSeconds(), goOn }),
    // Here, because in a process of its own it is the last to be in anybody's way.
    onTablesReady: () => {
      if (!lifecycle.stopping) startUpgrade(context);
    },
  };
}
