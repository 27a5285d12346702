import { readFile } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { loadConfig } from '../../core/config.ts';
import { snapshotSchema } from '../../core/contracts/snapshot.ts';
import { createTimelineStore } from '../../core/stores/redis/timeline.ts';
import { nowSeconds } from '../../core/time.ts';
import { agentName } from '../load/requests.ts';

/** RETENTION_SECONDS by default, and how often the usual agent reports. */
export const WINDOW_SECONDS = 300;
const INTERVAL_SECONDS = 2;

/** Agents written at a time. */
const AT_A_TIME = 20;

/** Gives each agent a full window up to now, through the service's own store. */
export async function fillTimeline(redisUrl: string, agents: number, snapshotsFile: string): Promise<void> {
  const redis = new Redis(redisUrl, { replyMapping: 'legacy' });
  const { timeline } = loadConfig({});
  const store = createTimelineStore(redis, { ...timeline, retentionSeconds: WINDOW_SECONDS });
  const snapshots = (await readFile(snapshotsFile, 'utf8'))
    .trim()
    .split('\n')
    .map((text) => snapshotSchema.parse(JSON.parse(text)));
  try {
    const now = nowSeconds();
    const windowOf = (index: number) =>
      Array.from({ length: WINDOW_SECONDS / INTERVAL_SECONDS }, (_, i) => {
        const agentId = agentName(index);
        const timestamp = now - WINDOW_SECONDS + (i + 1) * INTERVAL_SECONDS;
        const snapshot = snapshots[(index * 7 + i) % snapshots.length];
        return { agentId, timestamp, json: JSON.stringify({ ...snapshot, timestamp, agent_id: agentId }) };
      });
    for (let first = 0; first < agents; first += AT_A_TIME) {
      const some = Array.from({ length: Math.min(AT_A_TIME, agents - first) }, (_, i) => windowOf(first + i));
      await store.append(some.flat(), now);
    }
  } finally {
    redis.disconnect();
  }
}
