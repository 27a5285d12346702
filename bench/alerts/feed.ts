import type { Redis } from 'ioredis';
import { setTimeout as delay } from 'node:timers/promises';
import type { AlertSample } from '../../core/contracts/queues.ts';
import type { Queue } from '../../core/platform/queue.ts';
import { ALERT_CHANGES_CHANNEL } from '../../core/stores/keys.ts';
import { parseAlertChanges } from '../../core/stores/redis/openAlerts.ts';

/** Samples a job, about as many as the API puts into one at some thousand a second. */
const SAMPLES_A_JOB = 100;

/** Jobs that wait: enough that the worker never does. */
const BACKLOG_JOBS = 20;

const LOOK_MS = 10;

export interface Feed {
  /** Samples handed over so far, and of those the ones whose jobs are done. */
  fed(): number;
  evaluated(): Promise<number>;
  /** Times from the hand-over of a sample to the news of what it fired, in ms, from now on. */
  latencies(): number[];
  stop(): Promise<void>;
}

/**
 * Puts samples into the queue of the alerts stage, as the API does.
 *
 * @param perSecond 0: as fast as they are evaluated
 */
export async function startFeed(
  { queue, redis, subscriber }: { queue: Queue; redis: Redis; subscriber: Redis },
  next: (count: number) => AlertSample[],
  perSecond: number,
): Promise<Feed> {
  let fed = 0;
  const stopped = new AbortController();
  let times: number[] = [];
  /** When the newest sample of each host was handed over, by its time. */
  const handedOver = new Map<string, { timestamp: number; atMs: number }>();
  const waiting = async () =>
    (await redis.llen(queue.toKey('wait'))) + (await redis.llen(queue.toKey('active')));

  subscriber.on('message', (_channel: string, text: string) => {
    for (const { change, alert } of parseAlertChanges(text) ?? []) {
      const sent = change === 'firing' ? handedOver.get(alert.agent_id) : undefined;
      if (sent !== undefined && sent.timestamp === alert.fired_at) times.push(performance.now() - sent.atMs);
    }
  });
  await subscriber.subscribe(ALERT_CHANGES_CHANNEL);

  async function add(): Promise<void> {
    const samples = next(SAMPLES_A_JOB);
    const atMs = performance.now();
    for (const { agentId, timestamp } of samples) handedOver.set(agentId, { timestamp, atMs });
    await queue.add('alerts', { samples });
    fed += samples.length;
  }

  async function feedAll(): Promise<void> {
    const began = performance.now();
    while (!stopped.signal.aborted) {
      const due = (performance.now() - began) / 1000;
      if (perSecond > 0 ? fed < due * perSecond : (await waiting()) < BACKLOG_JOBS) await add();
      else await delay(LOOK_MS / 5);
    }
  }

  const feeding = feedAll();
  return {
    fed: () => fed,
    evaluated: async () => fed - SAMPLES_A_JOB * (await waiting()),
    latencies() {
      const before = times;
      times = [];
      return before;
    },
    async stop() {
      stopped.abort();
      await feeding;
      while ((await waiting()) > 0) await delay(LOOK_MS);
    },
  };
}
