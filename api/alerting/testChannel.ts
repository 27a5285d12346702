import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Alert } from '../../core/contracts/alerting/alert.ts';
import type { QueuedMessage } from '../../core/contracts/alerting/notice.ts';
import type { Delivery } from '../../core/contracts/alerting/notification.ts';
import { HttpError } from '../http/errors.ts';
import type { Queue } from '../../core/platform/queue.ts';
import type { TestOutcomeStore } from '../../core/stores/redis/testOutcomes.ts';
import { orRedisUnavailable, REDIS_DEADLINE_MS } from '../http/redisUnavailable.ts';

/** A little longer than a receiver that does not answer is waited for (workers/deliver/post). */
const DEADLINE_MS = 10_000;
const LOOK_EVERY_MS = 100;

export interface ChannelTestOptions {
  deliverQueue: Queue;
  outcomes: TestOutcomeStore;
  /** Default 10 s. */
  deadlineMs?: number;
}

/** Sends a test message the way all others go, and says what became of it. */
export type ChannelTest = (channelId: string, nowMs: number) => Promise<Delivery>;

export function createChannelTest({
  deliverQueue,
  outcomes,
  deadlineMs = DEADLINE_MS,
}: ChannelTestOptions): ChannelTest {
  return async function testChannel(channelId, nowMs) {
    const id = randomBytes(16).toString('hex');
    const message: QueuedMessage = {
      id,
      channel_id: channelId,
      notice: {
        kind: 'test',
        route_id: null,
        group: '',
        alerts: [exampleAlert(id, nowMs)],
        decided_at_ms: nowMs,
      },
    };
    await orRedisUnavailable(() => deliverQueue.add('test', message, { jobId: id }), REDIS_DEADLINE_MS);
    for (const endsAt = performance.now() + deadlineMs; performance.now() < endsAt;) {
      const delivery = await orRedisUnavailable(() => outcomes.find(id), REDIS_DEADLINE_MS);
      if (delivery !== undefined) return delivery;
      await delay(LOOK_EVERY_MS);
    }
    throw new HttpError(
      503,
      'The message was not sent in time: does a worker with the role deliver run? It is sent when one does.',
    );
  };
}

/** What an alert would look like; it says itself that it is none. */
export function exampleAlert(id: string, nowMs: number): Alert {
  const nowSeconds = Math.floor(nowMs / 1000);
  return {
    id: `test:${id}`,
    revision: 1,
    rule_id: 'test',
    rule_version: 1,
    rule_name: 'Test of a channel',
    severity: 'info',
    agent_id: 'topline-test',
    labels: { test: 'true' },
    state: 'firing',
    started_at: nowSeconds - 45,
    fired_at: nowSeconds,
    resolved_at: null,
    decided_at_ms: nowMs,
    last_sample_at: nowSeconds,
    no_data_since: null,
    unit: 'percent',
    threshold: 90,
    value: 97,
    peak: 98,
    average: 95.5,
    duration_seconds: 45,
    samples: 23,
    gaps: 0,
    culprits: [
      {
        name: 'ffmpeg',
        pid: 4242,
        cpu_seconds: 146,
        share: 0.81,
        peak_cpu_percent: 386,
        peak_memory_mb: 512,
      },
    ],
    flapping: false,
    summary: 'This is a test: no alert fires. Messages of this channel look like this one.',
  };
}
