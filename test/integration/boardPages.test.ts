import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fetchOnce } from '../support/http.ts';
import { startApiNode, type RunningNode } from '../support/service.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';

let redisServer: TestRedis;
let node: RunningNode;

beforeAll(async () => {
  redisServer = await startTestRedis();
  node = await startApiNode({ REDIS_URL: redisServer.url });
});

afterAll(async () => {
  await node.stop();
  await redisServer.close();
});

test.each(['/board', '/board/', '/board/queue/prune'])('%s loads nothing from elsewhere', async (path) => {
  const page = await (await fetchOnce(node.url + path)).text();
  expect(page).toContain('id="root"');
  const sheets = [...page.matchAll(/href="(static\/[^"]+\.css)"/g)].map(([, name]) => name);
  expect(sheets.length).toBeGreaterThan(0);
  const files = await Promise.all(
    sheets.map(async (name) => (await fetchOnce(`${node.url}/board/${name}`)).text()),
  );
  for (const text of [page, ...files]) expect(text).not.toMatch(/(?:https?:)?\/\/[a-z0-9-]+\.[a-z]/i);
});
