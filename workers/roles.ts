import { QUEUE_NAMES, type QueueName } from '../core/contracts/queues.ts';
import { openAlerts, openSharedAlerting } from './alerts/open.ts';
import { openAlertingSettings } from './alerts/settings.ts';
import { openDeliver } from './deliver/open.ts';
import { openNotify } from './notify/open.ts';
import { openPersist } from './persist/open.ts';
import { openPrune } from './prune/open.ts';
import { openRecord } from './record/open.ts';
import { createRecorder } from './record/recorder.ts';
import { openRollup } from './rollup/open.ts';
import { ROLLUP_EVERY_MS } from './rollup/rollup.ts';
import type { RoleRow } from './run/role.ts';
import { openTimeline } from './timeline/open.ts';

/** The roles a process can run are the queues there are. */
export const ROLE_NAMES = QUEUE_NAMES;

/**
 * All there is to say of each role: what is done with the jobs of its queue, how many at a time, what comes by itself, and
 * whether it needs PostgreSQL. A queue without a row does not compile.
 */
export const ROLES: { [Name in QueueName]: RoleRow<Name> } = {
  timeline: {
    open: openTimeline,
    // Redis does the work; a second batch is on its way while it answers the first.
    concurrency: 4,
  },
  persist: {
    open: openPersist,
    // As many as the pool has connections for: more would only wait for one.
    concurrency: 4,
    postgres: 'needed',
  },
  alerts: {
    open: openAlerts,
    // At a moderate rate batches are small, and one at a time falls behind by what it waits for Redis. Two of one agent race
    // for its state, and the loser judges again; in a fleet that is seldom.
    concurrency: 4,
  },
  prune: {
    open: (context, postgres) => openPrune(context, postgres, context.shared(openSharedAlerting)),
    concurrency: 1,
    postgres: 'used',
    schedules: [
      // An agent that stopped reporting is trimmed by nobody else.
      { id: 'prune-redis', everyMs: 15_000, payload: { store: 'redis' } },
      // Days are dropped whole and partitions made two days ahead: once an hour is plenty, also after an hour's outage.
      { id: 'prune-postgres', everyMs: 3_600_000, payload: { store: 'postgres' }, needsPostgres: true },
    ],
  },
  rollup: {
    open: openRollup,
    // One at a time, in all processes together: the progress is one row.
    concurrency: 1,
    postgres: 'needed',
    schedules: [{ id: 'rollup', everyMs: ROLLUP_EVERY_MS, payload: {}, needsPostgres: true }],
  },
  notify: {
    open: (context) =>
      openNotify(context, {
        settings: context.shared(openAlertingSettings),
        recorder: context.shared(createRecorder),
      }),
    // What waits for Redis does not hold up the rest; two that change the same group decide one after the other.
    concurrency: 4,
    // What is due is looked for.
    schedules: [{ id: 'notify', everyMs: 1_000, payload: { tick: true }, jobName: 'tick' }],
  },
  deliver: {
    open: (context) => openDeliver(context, context.shared(createRecorder)),
    // Of each channel 8 at a time (workers/deliver/circuits): the rest is for all others while some never answer.
    concurrency: 64,
  },
  record: { open: openRecord, concurrency: 1, postgres: 'needed' },
};
