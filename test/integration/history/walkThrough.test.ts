import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { nowSeconds } from '../../../core/time.ts';
import { createTestHistory, type TestHistory } from '../../support/history.ts';
import { openRollups, rollUp } from '../../support/historyService.ts';
import { get, postAsAgent } from '../../support/http.ts';
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
  // What is rolled up, and when, is for the test to say.
  workers = await startWorkerNode(environment, ['timeline', 'persist', 'alerts', 'prune']);
});

afterAll(async () => {
  await Promise.all([api.stop(), workers.stop()]);
  await history.close();
  await redisServer.close();
});

interface Answer {
  samples: number;
  tiers: object[];
  processes: Record<string, unknown>[];
}

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
  await postAsAgent(`${api.url}/ingest/metrics/batch`, loaded, { 'X-Agent-Id': 'web-01' });
  const range = { from: began - 30, to: began + 90 };
  const expected = loaded.filter(({ timestamp }) => timestamp >= range.from && timestamp < range.to).length;
  const top = async (from: number, to: number) =>
    (await get(`${api.url}/api/processes/top?agent=web-01&from=${from}&to=${to}`)).body as Answer;
  const before = await waitFor(
    async () => {
      const answer = await top(range.from, range.to);
      return answer.samples === expected && answer;
    },
    { describe: 'all snapshots of two minutes' },
  );
  const [first] = before.processes;
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
  const { processes } = await top(began - 120, began - 60);
  expect(processes).not.toEqual([]);
  expect(processes).not.toContainEqual(busy);

  await rollUp(openRollups(history));
  const after = await top(range.from, range.to);
  expect(after.tiers).toContainEqual(expect.objectContaining({ tier: 'minutes' }));
  expect({ ...after, tiers: [] }).toEqual({ ...before, tiers: [] });
});
