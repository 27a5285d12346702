import type { Config } from '../core/config.ts';
import { QUEUE_NAMES, type QueueName } from '../core/contracts/queues.ts';
import type { Logger } from '../core/platform/logger.ts';
import type { Queue } from '../core/platform/queue.ts';
import type { AcknowledgementStore } from '../core/stores/redis/acknowledgements.ts';
import type { AgentStateStore } from '../core/stores/redis/agentStates.ts';
import type { AgentStore } from '../core/stores/postgres/agents.ts';
import type { AlertingSettingsCopy } from '../core/stores/redis/alertingSettings.ts';
import type { AlertHistoryStore } from '../core/stores/postgres/alertHistory.ts';
import type { AlertRecordStore } from '../core/stores/postgres/alertRecords.ts';
import type { AlertStore } from '../core/stores/redis/alerts.ts';
import type { DeliveryStore } from '../core/stores/postgres/deliveries.ts';
import type { OpenAlertStore } from '../core/stores/redis/openAlerts.ts';
import type { RollupStore } from '../core/stores/postgres/rollups.ts';
import type { SnapshotStore } from '../core/stores/postgres/snapshots.ts';
import type { TimelineStore } from '../core/stores/redis/timeline.ts';
import { nowSeconds } from '../core/time.ts';
import type { Evaluator } from './alerts/evaluate.ts';
import type { ForgetDependencies } from './prune/forget.ts';
import { persistBatch, type PersistDependencies } from './persist/persist.ts';
import { prune } from './prune/prune.ts';
import { keepRecords } from './record/record.ts';
import { rollUp } from './rollup/rollup.ts';
import type { Role } from './run/startWorker.ts';
import type { openTelling } from './notify/open.ts';
import { writeTimeline } from './timeline/timeline.ts';
import type { WorkerMetrics } from './run/metrics.ts';

/** What the roles work with. */
export interface RoleDependencies {
  config: Config;
  log: Logger;
  metrics: WorkerMetrics;
  timeline: TimelineStore;
  /** Events of the contract. */
  alerts: AlertStore;
  openAlerts: OpenAlertStore;
  acknowledgements: AcknowledgementStore;
  alerting: Evaluator;
  /** Absent where no history is kept. */
  snapshots: SnapshotStore | undefined;
  rollups: RollupStore | undefined;
  alertHistory: AlertHistoryStore | undefined;
  /** What is judged and told by. */
  alertingSettings: AlertingSettingsCopy;
  agents: AgentStore | undefined;
  alertRecords: AlertRecordStore | undefined;
  deliveries: DeliveryStore | undefined;
  agentStates: AgentStateStore;
  telling: ReturnType<typeof openTelling>;
  /** Takes note of the agents whose snapshots are stored. */
  sight: PersistDependencies['sight'];
  /** Whether the process is to end. */
  stopping: () => boolean;
  /** To set a snapshot aside that PostgreSQL refuses. */
  persistQueue: Queue;
  /** To put down what is left of a long work. */
  pruneQueue: Queue;
}

/** The roles a process can run are the queues there are. */
export const ROLE_NAMES = QUEUE_NAMES;

/**
 * The one list: queue -> what is done with its jobs, and how many at a time. A queue without a line here does not
 * compile. `persist`, `rollup` and `record` are left out where there is no PostgreSQL.
 */
export function createRoles(deps: RoleDependencies): { [Name in QueueName]: Role<Name> | undefined } {
  const { log, metrics, timeline, alerts, alerting, snapshots, rollups } = deps;
  const { agents, agentStates, sight, stopping } = deps;
  const { alertRecords, deliveries } = deps;
  // By the snapshot's own id: set aside twice, it still stands there once.
  const setAside: PersistDependencies['setAside'] = async (snapshot) => {
    await deps.persistQueue.add(
      'refused',
      { snapshots: [snapshot] },
      { jobId: `refused-${snapshot.snapshotId}` },
    );
  };
  const goOn: ForgetDependencies['goOn'] = async (task, delayMs) => {
    await deps.pruneQueue.add('forget', { forget: task }, { delay: delayMs });
  };
  return {
    timeline: {
      queue: 'timeline',
      // Redis does the work; a second batch is on its way while it answers the first.
      concurrency: 4,
      process: (batch) => writeTimeline(batch, { timeline, agentStates, metrics, nowSeconds: nowSeconds() }),
    },
    persist:
      snapshots === undefined
        ? undefined
        : {
            queue: 'persist',
            // As many as the pool has connections for: more would only wait for one.
            concurrency: 4,
            process: (batch, job) => persistBatch(batch, { snapshots, metrics, sight, setAside }, job),
          },
    alerts: {
      queue: 'alerts',
      // At a moderate rate batches are small, and one at a time falls behind by what it waits for Redis. Two of one agent race
      // for its state, and the loser judges again; in a fleet that is seldom.
      concurrency: 4,
      process: (batch) => alerting.evaluate(batch),
    },
    prune: {
      queue: 'prune',
      concurrency: 1,
      process: (task) =>
        prune(task, {
          timeline,
          alerts,
          openAlerts: deps.openAlerts,
          acknowledgements: deps.acknowledgements,
          alerting,
          snapshots,
          rollups,
          alertHistory: deps.alertHistory,
          agents,
          agentStates,
          log,
          nowSeconds: nowSeconds(),
          goOn,
        }),
    },
    rollup:
      rollups === undefined
        ? undefined
        : {
            queue: 'rollup',
            // One at a time, in all processes together: the progress is one row.
            concurrency: 1,
            process: () => rollUp({ rollups, metrics, log, stopping }),
          },
    ...deps.telling,
    record:
      alertRecords === undefined || deliveries === undefined
        ? undefined
        : {
            queue: 'record',
            concurrency: 1,
            process: (task) => keepRecords(task, { alertRecords, deliveries }),
          },
  };
}
