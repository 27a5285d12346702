import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { nowSeconds } from '../../../core/time.ts';
import { createTestHistory, type TestHistory } from '../../support/history.ts';
import { get, post } from '../../support/http.ts';
import { startApiNode, startWorkerNode, type RunningNode } from '../../support/service.ts';
import { recordedSnapshots } from '../../support/snapshots.ts';
import { startTestRedis, type TestRedis } from '../../support/stores.ts';
import { waitFor } from '../../support/waitFor.ts';

let redisServer: TestRedis;
let history: TestHistory;
let api: RunningNode;
let workers: { stop(): Promise<boolean> };

beforeAll(async () => {
  [redisServer, history] = await Promise.all([startTestRedis(), createTestHistory()]);
  const environment = { REDIS_URL: redisServer.url, POSTGRES_DSN: history.dsn };
  api = await startApiNode(environment);
  // Nobody rolls up: what is handed in as history is seen half a minute later where somebody does (tiers.test.ts).
  workers = await startWorkerNode(environment, ['timeline', 'persist', 'alerts']);
});

afterAll(async () => {
  await Promise.all([api.stop(), workers.stop()]);
  await history.close();
  await redisServer.close();
});

test('a process that kept a core busy for a minute is the answer to who used the CPU', async () => {
  // What a real host sent, with one process more for a minute in its middle: 97 % of one core.
  const recorded = recordedSnapshots(nowSeconds());
  const began = (recorded[450]?.timestamp ?? 0) + 1;
  const loaded = recorded.map((snapshot) => {
    const { timestamp, top_processes } = snapshot;
    if (timestamp < began || timestamp >= began + 60) return snapshot;
    const busy = { ...top_processes[0], pid: 4_242, name: 'busy-loop', cpu_percent: 97, memory_mb: 42 };
    return { ...snapshot, top_processes: [busy, ...top_processes.slice(0, 11)] };
  });
  const answer = await post(`${api.url}/ingest/metrics/batch`, loaded, { 'X-Agent-Id': 'web-01' });
  expect(answer.body).toMatchObject({ snapshots: 900 });

  const top = (from: number, to: number) =>
    get(`${api.url}/api/processes/top?agent=web-01&from=${from}&to=${to}`);
  const found = await waitFor(async () => {
    const { body } = await top(began - 30, began + 90);
    const { samples, processes } = body as { samples: number; processes: Record<string, unknown>[] };
    // All of the two minutes are there.
    return samples >= 50 && processes;
  });
  const [first] = found;
  expect(first).toMatchObject({
    name: 'busy-loop',
    cpu_percent: { avg: 97, max: 97 },
    memory_mb: { max: 42 },
  });
  // A minute of 0.97 cores, to the length of a snapshot at each end.
  expect(Math.abs(Number(first?.['cpu_seconds']) - 0.97 * 60)).toBeLessThan(4);
  const { body } = await get(`${api.url}/api/metrics/at?agent=web-01&time=${began + 30}`);
  const busy = expect.objectContaining({ name: 'busy-loop' });
  expect(body).toMatchObject({ held: true, snapshot: { top_processes: expect.arrayContaining([busy]) } });
  const { processes } = (await top(began - 120, began - 60)).body as { processes: object[] };
  expect(processes).not.toEqual([]);
  expect(processes).not.toContainEqual(busy);
});
