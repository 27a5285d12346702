import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TIME_FORMATS } from '../../../core/contracts/questions.ts';
import { nowSeconds } from '../../../core/time.ts';
import { createTestHistory, snapshotAt, type TestHistory } from '../../support/history.ts';
import { storeSnapshots } from '../../support/historyService.ts';
import { get } from '../../support/http.ts';
import { startApiNode, type RunningNode } from '../../support/service.ts';
import { startTestRedis, type TestRedis } from '../../support/stores.ts';

let redisServer: TestRedis;
let history: TestHistory;
let api: RunningNode;

/** Two days ago, so that the day's partition is another one than today's. */
const THEN = nowSeconds() - 2 * 86_400;
const ago = (seconds: number) => snapshotAt(THEN - seconds, { total_cpu_percent: seconds / 10 });

beforeAll(async () => {
  [redisServer, history] = await Promise.all([startTestRedis(), createTestHistory()]);
  await storeSnapshots(history, 'web-01', [ago(500), ago(300), ago(298), ago(296), ago(100), ago(80)]);
  await storeSnapshots(history, 'web-01', [snapshotAt(nowSeconds())]);
  await storeSnapshots(history, 'default', [ago(10)]);
  api = await startApiNode({ REDIS_URL: redisServer.url, POSTGRES_DSN: history.dsn });
});

afterAll(async () => {
  await api.stop();
  await history.close();
  await redisServer.close();
});

const at = (query: string) => get(`${api.url}/api/metrics/at?${query}`);

describe('the snapshot in force', () => {
  test.each([
    ['of its own second', 300, { age_seconds: 0, held: true }, 300],
    ['until the next one', 299, { age_seconds: 1, held: true }, 300],
    ['as long as the one before it stood, where a gap follows', 295, { age_seconds: 1, held: true }, 296],
    ['and no longer', 294, { age_seconds: 2, held: false }, 296],
    ['which is the newest also in a gap', 150, { age_seconds: 146, held: false }, 296],
    ['not at all, where gaps are on both sides', 499, { age_seconds: 1, held: false }, 500],
    ['of its own second all the same', 500, { age_seconds: 0, held: true }, 500],
    ['up to the gap between the days', 61, { age_seconds: 19, held: true }, 80],
  ])('%s', async (_, secondsAgo, expected, ofSnapshot) => {
    const { status, body } = await at(`agent=web-01&time=${THEN - secondsAgo}`);
    expect(status).toBe(200);
    expect(body).toEqual({
      agent: 'web-01',
      time: THEN - secondsAgo,
      ...expected,
      snapshot: { ...ago(ofSnapshot), agent_id: 'web-01' },
    });
  });

  test('is the newest where no time is named', async () => {
    const { body } = await at('agent=web-01');
    expect(body).toMatchObject({ snapshot: { total_cpu_percent: 45.2 } });
    expect((body as { age_seconds: number }).age_seconds).toBeLessThan(60);
  });

  test('of the agent that names itself nothing, as it was sent', async () => {
    expect((await at(`agent=default&time=${THEN}`)).body).toMatchObject({ snapshot: ago(10) });
  });
});

describe('what cannot be answered', () => {
  test('is 404 before the first snapshot and for an agent that never was', async () => {
    const detail = `No snapshot of web-01 at or before ${new Date((THEN - 501) * 1000).toISOString()}`;
    expect(await at(`agent=web-01&time=${THEN - 501}`)).toMatchObject({ status: 404, body: { detail } });
    expect((await at('agent=web-02')).status).toBe(404);
  });

  test.each([
    ['agent=web-01&time=yesterday', ['query', 'time'], `Must be ${TIME_FORMATS}`],
    ['agent=web-01&time=-1h&time=-2h', ['query', 'time'], expect.any(String)],
    ['time=-1h', ['query', 'agent'], 'Field required'],
    ['agent=web%2001', ['query', 'agent'], 'Agent id must be 1-128 of A-Z a-z 0-9 . _ : -'],
  ])('is 422 for %s, naming the field', async (query, loc, msg) => {
    const { status, body } = await at(query);
    expect(status).toBe(422);
    expect(body).toEqual({ detail: [{ loc, msg, type: expect.any(String) }] });
  });
});
