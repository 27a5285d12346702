import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { freePort } from '../../../scripts/embedded/dataDir.ts';
import { nowSeconds } from '../../../core/time.ts';
import { createTestHistory, snapshotAt, type TestHistory } from '../../support/history.ts';
import { storeSnapshots } from '../../support/historyService.ts';
import { get, post } from '../../support/http.ts';
import { startApiNode, type RunningNode } from '../../support/service.ts';
import { snapshot } from '../../support/snapshots.ts';
import { startTestRedis, type TestRedis } from '../../support/stores.ts';
import { waitFor } from '../../support/waitFor.ts';

/** Every question about the history, as it is answered where there is one. */
const QUESTIONS = [
  '/api/metrics/at?agent=web-01',
  '/api/metrics/history?agent=web-01',
  '/api/processes/top?agent=web-01',
  '/api/metrics/history',
  '/api/processes/top',
  '/api/processes/history?agent=web-01&name=node',
  '/api/processes/search?name=node',
];

let redisServer: TestRedis;
let history: TestHistory;
const nodes: RunningNode[] = [];

beforeAll(async () => {
  [redisServer, history] = await Promise.all([startTestRedis(), createTestHistory()]);
  await storeSnapshots(history, 'web-01', [snapshotAt(nowSeconds() - 2), snapshotAt(nowSeconds())]);
});

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  await history.close();
  await redisServer.close();
});

async function startNode(environment: Record<string, string>): Promise<RunningNode> {
  const node = await startApiNode({ REDIS_URL: redisServer.url, ...environment });
  nodes.push(node);
  return node;
}

describe('without POSTGRES_DSN', () => {
  test.each(QUESTIONS)('%s is 503, and says what turns it on', async (question) => {
    const node = nodes[0] ?? (await startNode({}));
    const answer = await get(node.url + question);
    expect(answer).toMatchObject({ status: 503, body: { detail: expect.stringContaining('POSTGRES_DSN') } });
    // Asking again helps nobody.
    expect(answer.headers.get('retry-after')).toBeNull();
    expect((await get(node.url + question.replace(/\?.*/, ''))).status).toBe(503);
  });
});

test.each(QUESTIONS)('with PostgreSQL away, %s is 503 with Retry-After', async (question) => {
  const node = await startNode({
    POSTGRES_DSN: `postgresql://nobody:secret@127.0.0.1:${await freePort()}/none`,
  });
  const answer = await get(node.url + question);
  expect(answer).toMatchObject({
    status: 503,
    body: { detail: expect.stringMatching(/^PostgreSQL unavailable: /) },
  });
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(JSON.stringify(answer.body)).not.toContain('secret');
});

test('a question that PostgreSQL takes too long for is given up, and delays no snapshot', async () => {
  const node = await startNode({ POSTGRES_DSN: `${history.dsn}?statement_timeout=1500` });
  const client = new pg.Client({ connectionString: history.dsn });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(`LOCK TABLE "${history.packedTable}" IN ACCESS EXCLUSIVE MODE`);
    const waiting = { all: false };
    const ask = async () => {
      const answers = [];
      do answers.push(await get(`${node.url}${QUESTIONS[0]}`));
      while (!waiting.all);
      return answers;
    };
    // More of them than there are connections.
    const questions = Array.from({ length: 6 }, ask);
    await waitFor(async () => {
      const [row] = await history.prisma.$queryRawUnsafe<{ waiting: number }[]>(
        `SELECT count(*)::int AS waiting FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'topline api history' AND wait_event_type = 'Lock'`,
      );
      return row?.waiting === 4;
    });
    waiting.all = true;
    expect((await post(`${node.url}/ingest/metrics`, snapshot())).status).toBe(200);
    expect((await get(`${node.url}/health`)).body).toMatchObject({ status: 'ok' });
    for (const { status, body, headers } of (await Promise.all(questions)).flat()) {
      expect([status, body]).toEqual([503, { detail: expect.stringContaining('ask for a shorter range') }]);
      expect(headers.get('retry-after')).not.toBeNull();
    }
  } finally {
    await client.end();
  }
  expect((await get(`${node.url}${QUESTIONS[0]}`)).status).toBe(200);
});
