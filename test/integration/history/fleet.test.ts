import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Snapshot } from '../../../core/contracts/snapshot.ts';
import { createAgentStore } from '../../../core/stores/postgres/agents.ts';
import { nowSeconds } from '../../../core/time.ts';
import { createTestHistory, snapshotAt, type TestHistory } from '../../support/history.ts';
import { openRollups, rollUp, storeSnapshots } from '../../support/historyService.ts';
import { fetchOnce, get } from '../../support/http.ts';
import { startApiNode, type RunningNode } from '../../support/service.ts';
import { startTestRedis, type TestRedis } from '../../support/stores.ts';

const HOUR = 3_600;

/** A whole hour, some days ago. */
const END = Math.floor((nowSeconds() - 3 * 86_400) / HOUR) * HOUR;

let redisServer: TestRedis;
let history: TestHistory;
let api: RunningNode;

const process = (name: string, cpu_percent: number, memory_mb = 10) => ({
  pid: 7,
  name,
  cpu_percent,
  memory_mb,
  thread_count: 1,
  io_read_mb: 0,
  io_write_mb: 0,
  handle_count: 1,
});

/** Two hours at 30 s: the host at one CPU percentage, two cores, and processes of its own. */
function hostOf(cpu: number, ...processes: Snapshot['top_processes']): Snapshot[] {
  return Array.from({ length: 240 }, (_, i) =>
    snapshotAt(END - 2 * HOUR + 30 * i, {
      total_cpu_percent: cpu,
      per_core_cpu_percent: [cpu, cpu],
      system_memory_total_mb: 8_000,
      system_memory_used_mb: 1_000 + cpu,
      top_processes: processes,
    }),
  );
}

const ODD = '100%_odd\\ Übersicht (1) [x].*';

beforeAll(async () => {
  [redisServer, history] = await Promise.all([startTestRedis(), createTestHistory()]);
  await storeSnapshots(history, 'web-01', hostOf(10, process('nginx', 5), process('cron', 1)));
  await storeSnapshots(history, 'web-02', hostOf(30, process('nginx', 50, 500)));
  // Half as many: each host counts once all the same.
  await storeSnapshots(
    history,
    'db-01',
    hostOf(80, process('postgres', 120, 4_000), process(ODD, 1)).filter((_, i) => i % 2 === 0),
  );
  await rollUp(openRollups(history));
  api = await startApiNode({ REDIS_URL: redisServer.url, POSTGRES_DSN: history.dsn });
});

afterAll(async () => {
  await api.stop();
  await history.close();
  await redisServer.close();
});

async function ask(path: string, query: Record<string, string | number>): Promise<Record<string, unknown>> {
  const parameters = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, `${value}`]),
  );
  const { status, body } = await get(`${api.url}${path}?${parameters.toString()}`);
  expect([status, status === 200 ? undefined : body]).toEqual([200, undefined]);
  return body as Record<string, unknown>;
}

describe('GET /api/metrics/history of all hosts', () => {
  test.each([
    ['1h', 'hours', 2, 600],
    ['5m', 'minutes', 24, 50],
  ])('in steps of %s is read from %s', async (step, tier, count, samples) => {
    const answer = await ask('/api/metrics/history', { from: END - 2 * HOUR, to: END, step });
    expect(answer).toMatchObject({ step, tiers: [{ tier, from: END - 2 * HOUR, to: END }] });
    expect(answer['points']).toHaveLength(count);
    expect((answer['points'] as object[])[0]).toEqual({
      time: END - 2 * HOUR,
      hosts: 3,
      samples: samples / 2,
      cpu: { avg: 40, min: 10, max: 80 },
      memory: { avg: 1_040, min: 1_010, max: 1_080, used: 3_120, total: 24_000 },
      busiest: { agent: 'db-01', cpu_avg: 80 },
    });
    expect(answer['until']).toBeGreaterThan(END);
  });

  test('refuses steps of minutes in a long range, and says which to take', async () => {
    const { status, body } = await get(`${api.url}/api/metrics/history?from=-1d&step=5m`);
    expect([status, body]).toEqual([
      422,
      { detail: [{ loc: ['query', 'step'], msg: expect.stringContaining('1h'), type: 'invalid_step' }] },
    ]);
  });
});

describe('labels', () => {
  beforeAll(async () => {
    const agents = createAgentStore({ prisma: history.prisma, table: history.table });
    for (const [agentId, labels] of [
      ['web-01', { env: 'prod', tier: 'web' }],
      ['web-02', { env: 'test', tier: 'web' }],
      ['db-01', { env: 'prod' }],
    ] as const)
      await agents.upsert([{ agentId, labels, firstReceivedAtMs: 1, lastReceivedAtMs: 1 }]);
  });
  const range = { from: END - 2 * HOUR, to: END };

  test('choose whose history is asked for, in every question about many hosts', async () => {
    const course = await ask('/api/metrics/history', { ...range, step: '1h', label: 'tier=web' });
    expect((course['points'] as object[])[0]).toMatchObject({ hosts: 2, cpu: { avg: 20, min: 10, max: 30 } });
    const top = await ask('/api/processes/top', { ...range, label: 'tier=web' });
    expect(top).toMatchObject({ hosts: 2 });
    expect((top['processes'] as { name: string }[]).map(({ name }) => name)).toEqual(['nginx', 'cron']);
    const search = await ask('/api/processes/search', { ...range, name: 'nginx', label: 'env=prod' });
    expect(search['found']).toEqual([expect.objectContaining({ agent: 'web-01' })]);
    const exported = await fetchOnce(
      `${api.url}/api/export?label=env=prod&from=${range.from}&to=${range.to}`,
    );
    const lines = (await exported.text()).trim().split('\n');
    const ids = lines.map((line) => (JSON.parse(line) as { agent_id: string }).agent_id);
    expect([ids.length, [...new Set(ids)]]).toEqual([120 + 240, ['db-01', 'web-01']]);
  });

  test('that one host alone has give its own history', async () => {
    const course = await ask('/api/metrics/history', { ...range, step: '1h', label: 'env=test' });
    expect(course).toMatchObject({ agent: 'web-02' });
  });

  test('that nobody has choose nobody, also where a host is named', async () => {
    for (const query of [{ label: 'env=none' }, { label: 'env=test', agent: 'web-01' }]) {
      const course = await ask('/api/metrics/history', { ...range, step: '1h', ...query });
      expect(course['points']).toEqual([]);
      expect(await ask('/api/processes/top', { ...range, ...query })).toMatchObject({
        hosts: 0,
        processes: [],
      });
    }
  });
});

describe('GET /api/processes/top of all hosts', () => {
  test.each([
    ['hours', END - 2 * HOUR, 2],
    ['minutes', END - HOUR, 1],
  ])('is read from %s', async (tier, from, hours) => {
    const answer = await ask('/api/processes/top', { from, to: END });
    expect(answer).toMatchObject({ tiers: [{ tier, from, to: END }], from, to: END, hosts: 3 });
    const processes = answer['processes'] as {
      name: string;
      cpu_seconds: number;
      share: number;
      hosts: number;
    }[];
    expect(processes.map(({ name, hosts }) => [name, hosts])).toEqual([
      ['postgres', 1],
      ['nginx', 2],
      ['cron', 1],
      [ODD, 1],
    ]);
    // 1.2 cores of db-01; 0.05 of web-01 and 0.5 of web-02. Used: 0.2, 0.6 and 1.6.
    expect(processes[0]?.cpu_seconds).toBeCloseTo(1.2 * hours * HOUR, 0);
    expect(processes[1]?.cpu_seconds).toBeCloseTo(0.55 * hours * HOUR, 0);
    expect(answer['used_cpu_seconds']).toBeCloseTo(2.4 * hours * HOUR, 0);
    expect(processes[0]?.share).toBeCloseTo(0.5, 3);
    expect(answer['covered_seconds']).toBe(3 * hours * HOUR);
  });

  test('is made longer to whole hours, and says so', async () => {
    const answer = await ask('/api/processes/top', {
      from: END - 2 * HOUR + 1,
      to: END - 1,
      by: 'memory',
      limit: 1,
    });
    expect(answer).toMatchObject({ from: END - 2 * HOUR, to: END, by: 'memory' });
    expect(answer['processes']).toEqual([
      expect.objectContaining({ name: 'postgres', memory_mb: { avg: 4_000, max: 4_000 } }),
    ]);
  });
});

describe('GET /api/processes/search', () => {
  const range = { from: END - 2 * HOUR, to: END };
  const linesOf = (answer: Record<string, unknown>) =>
    (answer['found'] as { agent: string; name: string }[]).map(({ agent, name }) => [agent, name]);

  test('says where a process ran, and when', async () => {
    const answer = await ask('/api/processes/search', { name: 'nginx', ...range });
    expect(answer).toMatchObject({ ...range, next: null });
    const times = { first_seen: END - 2 * HOUR, last_seen: END - 30, samples: 240 };
    expect(answer['found']).toEqual([
      { agent: 'web-01', name: 'nginx', cpu_seconds: 360, ...times },
      { agent: 'web-02', name: 'nginx', cpu_seconds: 3_600, ...times },
    ]);
  });

  test.each([
    ['a prefix', { name: 'c', match: 'prefix' }, [['web-01', 'cron']]],
    ['a prefix, by its very letters', { name: 'C', match: 'prefix' }, []],
    ['a part, whatever its letters', { name: 'GRES', match: 'contains' }, [['db-01', 'postgres']]],
    ['a part with other letters than ASCII', { name: 'ÜBERsicht', match: 'contains' }, [['db-01', ODD]]],
    ['one whose letters are put together', { name: 'u\u0308bers', match: 'contains' }, [['db-01', ODD]]],
    [
      'signs that mean something to a regular expression',
      { name: '(1) [x].*', match: 'contains' },
      [['db-01', ODD]],
    ],
    ['one of them, which stands for itself, too', { name: '.x', match: 'contains' }, []],
    ['a part of one only', { name: 'gin', match: 'exact' }, []],
    ['signs that mean something to LIKE', { name: '%_odd\\', match: 'contains' }, [['db-01', ODD]]],
    ['one of them, which stands for itself', { name: 'n_inx', match: 'contains' }, []],
  ])('finds %s', async (_, query, lines) => {
    expect(linesOf(await ask('/api/processes/search', { ...query, ...range }))).toEqual(lines);
  });

  test('goes on from page to page', async () => {
    const query = { name: 'n', match: 'contains', ...range, limit: 1 };
    const first = await ask('/api/processes/search', query);
    const second = await ask('/api/processes/search', { ...query, cursor: String(first['next']) });
    const third = await ask('/api/processes/search', { ...query, cursor: String(second['next']) });
    expect([first, second, third].map(linesOf)).toEqual([
      [['web-01', 'cron']],
      [['web-01', 'nginx']],
      [['web-02', 'nginx']],
    ]);
    expect(third['next']).toBeNull();
  });

  test.each(['name=', 'match=exact', 'name=a&match=like', 'name=a&cursor=nonsense', 'name=a&limit=1001'])(
    'refuses %s',
    async (query) => {
      expect((await get(`${api.url}/api/processes/search?${query}`)).status).toBe(422);
    },
  );
});
