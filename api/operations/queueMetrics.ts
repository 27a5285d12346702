import type { Redis } from 'ioredis';
import type { Metrics } from '../../core/platform/metrics.ts';
import { oldestJobMs, type Queue } from '../../core/platform/queue.ts';

const STATES = ['waiting', 'prioritized', 'active', 'delayed', 'failed'] as const;

/** Depth and oldest job of every queue, asked for at each scrape; while Redis is away they are left out. */
export function registerQueueMetrics(metrics: Metrics, queues: Queue[], redis: Redis): void {
  metrics.gauge('bullmq_job_count', 'Jobs by queue and state.', ['queue', 'state'], async (gauge) => {
    gauge.reset();
    await eachQueue(queues, async (queue) => {
      const counts = await queue.getJobCounts(...STATES);
      for (const state of STATES) gauge.set({ queue: queue.name, state }, counts[state] ?? 0);
    });
  });
  metrics.gauge(
    'topline_queue_oldest_job_age_seconds',
    'Age of the oldest job not yet done.',
    ['queue'],
    async (gauge) => {
      gauge.reset();
      await eachQueue(queues, async (queue) => {
        const addedAt = await oldestJobMs(queue, redis);
        gauge.set(
          { queue: queue.name },
          addedAt === undefined ? 0 : Math.max(0, Date.now() - addedAt) / 1000,
        );
      });
    },
  );
}

/** A queue that cannot be asked has no figure; the page is answered all the same. */
async function eachQueue(queues: Queue[], ask: (queue: Queue) => Promise<void>): Promise<void> {
  await Promise.allSettled(queues.map(ask));
}
