import type { Redis } from 'ioredis';
import { messageOf } from '../../core/errors.ts';
import type { ProcessContext } from '../../core/platform/process.ts';
import { oldestPressingMs, type Queue } from '../../core/platform/queue.ts';
import type { AlertStateStore } from '../../core/stores/redis/alertStates.ts';
import { DEAF_AFTER_MS, type Look, type SharedLook } from '../../core/stores/redis/lease.ts';
import type { Observation } from '../../core/alerting/staleness.ts';
import type { Evaluator } from './evaluate.ts';
import type { FreshLabels } from './freshLabels.ts';
import type { RuleBook } from './ruleBook.ts';

/** How soon after it is due an agent is found to be silent. */
const LOOK_INTERVAL_MS = 1_000;

/** Least time between two looks, of whichever worker: less than the interval, so that none is left out. */
export const LOOK_EVERY_MS = 900;

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
  look: SharedLook;
  /** Of the API nodes: while it goes on, snapshots are taken. */
  fleetLook: Pick<SharedLook, 'last'>;
  alertsQueue: Queue;
  redis: Redis;
}

/**
 * Looks every second for agents of which nothing came, and for changes whose publisher died; and at all agents once the rules
 * have changed, because those that say nothing would never be evaluated by the new ones. Every worker of the role runs it, and
 * one of them looks.
 */
export function startAlertWatch({ log, lifecycle }: ProcessContext, options: AlertWatchOptions): void {
  const { evaluator, states, labels, ruleBook, look, fleetLook, alertsQueue, redis } = options;
  let swept: string | undefined;
  let looking: Promise<void> | undefined;

  async function lookForDue(begun: Look): Promise<void> {
    const observation = await observationOf(begun);
    for (let round = 0; round < MAX_ROUNDS && !lifecycle.stopping; round += 1) {
      const due = await states.due(observation.asOfMs, AT_ONCE);
      if (due.length > 0) await evaluator.look(due, observation);
      if (due.length < AT_ONCE) return;
    }
  }

  /** What waits in the queue has not been evaluated yet, and while snapshots are refused nothing can be received. */
  async function observationOf({ atMs }: Look): Promise<Observation> {
    const [fleet, addedAtMs] = await Promise.all([fleetLook.last(), oldestPressingMs(alertsQueue, redis)]);
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

  async function lookOnce(): Promise<void> {
    try {
      await labels.refresh();
      const begun = await look.begin();
      if (begun === undefined) return;
      const { version } = await ruleBook();
      if (version !== swept) await sweep(version);
      await lookForDue(begun);
    } catch (error) {
      if (!lifecycle.stopping) log.debug({ reason: messageOf(error) }, 'could not look for silent agents');
    }
  }

  const start = () => {
    looking ??= lookOnce().finally(() => (looking = undefined));
  };
  start();
  const timer = setInterval(start, LOOK_INTERVAL_MS);
  lifecycle.defer('alert watch', async () => {
    clearInterval(timer);
    await looking;
  });
}
