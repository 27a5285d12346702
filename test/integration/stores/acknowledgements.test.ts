import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import {
  createAcknowledgementStore,
  type AcknowledgementStore,
} from '../../../core/stores/redis/acknowledgements.ts';
import { startTestRedis, type TestRedis } from '../../support/stores.ts';

const DAY_MS = 86_400_000;
const NOW_MS = 1_764_040_332_000;

let server: TestRedis;
let redis: Redis;
let store: AcknowledgementStore;
beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
  store = createAcknowledgementStore(redis);
});
afterAll(async () => {
  redis.disconnect();
  await server.close();
});
beforeEach(async () => {
  await redis.flushall();
  for (const id of ['open', 'over']) await store.put(id, { at_ms: NOW_MS - 9 * DAY_MS, by: 'Ada', note: '' });
});

const kept = async () => [...(await store.of(['open', 'over'])).keys()];

test('what somebody saw long ago is known for as long as its alert is open, and for a day after', async () => {
  expect(await store.prune(new Set(['open', 'over']), NOW_MS)).toBe(0);
  expect(await store.prune(new Set(['open']), NOW_MS)).toBe(0);
  expect(await store.prune(new Set(['open']), NOW_MS + DAY_MS - 1)).toBe(0);
  expect(await kept()).toEqual(['open', 'over']);
  expect(await store.prune(new Set(['open']), NOW_MS + DAY_MS)).toBe(1);
  expect(await store.prune(new Set(['open']), NOW_MS + DAY_MS)).toBe(0);
  expect(await kept()).toEqual(['open']);
});

test('one that was taken for over and is open begins its day anew when it is over', async () => {
  await store.prune(new Set(), NOW_MS);
  await store.prune(new Set(['open', 'over']), NOW_MS + 1);
  await store.prune(new Set(['open']), NOW_MS + DAY_MS);
  expect(await kept()).toEqual(['open', 'over']);
  await store.prune(new Set(['open']), NOW_MS + 2 * DAY_MS);
  expect(await kept()).toEqual(['open']);
});

test('once all are gone, nothing of them is left', async () => {
  await store.prune(new Set(), NOW_MS);
  expect(await store.prune(new Set(), NOW_MS + DAY_MS)).toBe(2);
  expect(await redis.keys('*')).toEqual([]);
});
