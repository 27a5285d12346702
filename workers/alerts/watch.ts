import type { Redis } from 'ioredis';
import { messageOf } from '../../core/errors.ts';
import { every } from '../../core/every.ts';
import type { ProcessContext } from '../../core/platform/process.ts';
import { oldestPressingMs, type Queue } from '../../core/platform/queue.ts';
import type { AlertStateStore } from '../../core/stores/redis/alertStates.ts';
import { DEAF_AFTER_MS, type Lease, type TakenLease } from '../../core/stores/redis/lease.ts';
import type { Observation } from '../../core/alerting/staleness.ts';
import type { Evaluator } from './evaluate.ts';
import type { FreshLabels } from './freshLabels.ts';
import type { RuleBook } from './ruleBook.ts';

/** How soon after it is due an agent is found to be silent. */
const LOOK_INTERVAL_MS = 1_000;

/** How long one worker has the lease: less than the interval, so that no look is left out. */
export const LEASE_MS = 900;

/** Up to here the look of the API nodes, once a second, is taken for this moment. */
const FRESH_MS = 3_000;

/** Agents looked at in one go, and how often before it is left to the next look. */
const AT_ONCE = 500;
const MAX_ROUNDS = 100;

export interface AlertWatchOptions {
  evaluator: Pick<Evaluator, 'look'>;
  states: Pick<AlertStateStore, 'due' | 'walk'>;
  labels: Pick<FreshLabels, 'refresh'>;
  ruleBook: () => Promise<RuleBook>;
  /** Has one of all workers look. */
  lease: Lease;
  /** Of the API nodes: while one takes it, snapshots are taken. */
  fleetLease: Pick<Lease, 'last'>;
  alertsQueue: Queue;
  redis: Redis;
}

/**
 * Looks every second for agents of which nothing came, and for changes whose publisher died; and at all agents once the rules
 * have changed, because those that say nothing would never be evaluated by the new ones. Every worker of the role runs it, and
 * one of them looks.
 */
export function startAlertWatch({ log, lifecycle }: ProcessContext, options: AlertWatchOptions): void {
  const { evaluator, states, labels, ruleBook, lease, fleetLease, alertsQueue, redis } = options;
  let swept: string | undefined;

  async function lookForDue(taken: TakenLease): Promise<void> {
    const observation = await observationOf(taken);
    for (let round = 0; round < MAX_ROUNDS && !lifecycle.stopping; round += 1) {
      const due = await states.due(observation.asOfMs, AT_ONCE);
      if (due.length > 0) await evaluator.look(due, observation);
      if (due.length < AT_ONCE) return;
    }
  }

  /** What waits in the queue has not been evaluated yet, and while snapshots are refused nothing can be received. */
  async function observationOf({ atMs }: TakenLease): Promise<Observation> {
    const [fleet, addedAtMs] = await Promise.all([fleetLease.last(), oldestPressingMs(alertsQueue, redis)]);
    if (fleet === undefined || atMs - fleet.atMs > DEAF_AFTER_MS) return { asOfMs: 0, sinceMs: atMs };
    const lagMs = addedAtMs === undefined ? 0 : Math.max(0, Date.now() - addedAtMs);
    const heardMs = atMs - fleet.atMs < FRESH_MS ? atMs : fleet.atMs;
    return { asOfMs: Math.min(heardMs, atMs - lagMs), sinceMs: fleet.sinceMs };
  }

  async function sweep(version: string): Promise<void> {
    for await (const agentIds of states.walk()) {
      if (lifecycle.stopping) return;
      await evaluator.look(agentIds, { asOfMs: 0, sinceMs: 0 });
    }
    swept = version;
  }

  async function look(): Promise<void> {
    await labels.refresh();
    const taken = await lease.take();
    if (taken === undefined) return;
    const { version } = await ruleBook();
    if (version !== swept) await sweep(version);
    await lookForDue(taken);
  }

  const stop = every(LOOK_INTERVAL_MS, look, {
    atOnce: true,
    onError(error) {
      if (!lifecycle.stopping) log.debug({ reason: messageOf(error) }, 'could not look for silent agents');
    },
  });
  lifecycle.defer('alert watch', stop);
}
