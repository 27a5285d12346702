import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { nowSeconds } from '../../../core/time.ts';
import { createTestHistory, snapshotAt, type TestHistory } from '../../support/history.ts';
import { storeSnapshots } from '../../support/historyService.ts';
import { get } from '../../support/http.ts';
import { startApiNode, type RunningNode } from '../../support/service.ts';
import { recordedSnapshots } from '../../support/snapshots.ts';
import { startTestRedis, type TestRedis } from '../../support/stores.ts';

let redisServer: TestRedis;
let history: TestHistory;
let api: RunningNode;

/** A whole hour, some days ago; the recording of half an hour at 2 s ends with its last second. */
const END = Math.floor((nowSeconds() - 3 * 86_400) / 3_600) * 3_600;
const recorded = recordedSnapshots(END - 1);
const START = recorded[0]?.timestamp ?? 0;

beforeAll(async () => {
  [redisServer, history] = await Promise.all([startTestRedis(), createTestHistory()]);
  await storeSnapshots(history, 'web-01', recorded);
  // Once a minute, over more rows than one page has.
  const sparse = Array.from({ length: 1_440 }, (_, i) =>
    snapshotAt(END - 86_400 + 60 * i, { total_cpu_percent: i % 100 }),
  );
  await storeSnapshots(history, 'slow', sparse);
  api = await startApiNode({ REDIS_URL: redisServer.url, POSTGRES_DSN: history.dsn });
});

afterAll(async () => {
  await api.stop();
  await history.close();
  await redisServer.close();
});

interface Point {
  time: number;
  samples: number;
  cpu: Record<'avg' | 'min' | 'max' | 'p95', number>;
  memory: Record<'avg' | 'min' | 'max' | 'p95' | 'total', number>;
  top_process: { name: string; cpu_seconds: number } | null;
  cores?: { avg: number; max: number }[];
}

async function ask<Body>(path: string, query: Record<string, string | number>): Promise<Body> {
  const parameters = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, `${value}`]),
  );
  const { status, body } = await get(`${api.url}${path}?${parameters.toString()}`);
  expect([status, status === 200 ? undefined : body]).toEqual([200, undefined]);
  return body as Body;
}

const average = (figures: number[]) => sumOf(figures) / figures.length;
const within = (from: number, to: number) =>
  recorded.filter(({ timestamp }) => timestamp >= from && timestamp < to);

describe('GET /api/metrics/history', () => {
  const between = { agent: 'web-01', from: END - 1_800, to: END };

  test('has for each step what a reader of all its snapshots would find', async () => {
    const body = await ask<{ points: Point[]; step: string; tiers: object[] }>('/api/metrics/history', {
      ...between,
      step: '1m',
      cores: 'true',
    });
    expect(body).toMatchObject({ step: '1m', from: END - 1_800, to: END });
    expect(sumOf(body.points.map(({ samples }) => samples))).toBe(within(END - 1_800, END).length);
    expect(body.points.length).toBeGreaterThanOrEqual(29);
    for (const point of body.points) {
      const own = within(point.time, point.time + 60);
      expect(point.samples).toBe(own.length);
      const cpu = own.map(({ total_cpu_percent }) => total_cpu_percent);
      expect(point.cpu.avg).toBeCloseTo(average(cpu), 1);
      expect([point.cpu.min, point.cpu.max]).toEqual([Math.min(...cpu), Math.max(...cpu)]);
      const ranked = cpu.toSorted((a, b) => a - b)[Math.ceil(0.95 * cpu.length) - 1] ?? NaN;
      expect(point.cpu.p95 - ranked).toBeGreaterThanOrEqual(0);
      expect(point.cpu.p95 - ranked).toBeLessThan(0.1);
      const used = own.map(({ system_memory_used_mb }) => system_memory_used_mb);
      expect([point.memory.min, point.memory.max]).toEqual([Math.min(...used), Math.max(...used)]);
      expect(point.memory.total).toBe(own[0]?.system_memory_total_mb);
      expect(point.cores).toHaveLength(own[0]?.per_core_cpu_percent.length ?? 0);
      expect(point.cores?.[0]?.max).toBe(
        Math.max(...own.map(({ per_core_cpu_percent: [first = 0] }) => first)),
      );
      expect(point.top_process?.cpu_seconds).toBeGreaterThan(0);
    }
  });

  test('has with step=raw a point for each snapshot', async () => {
    const { points } = await ask<{ points: Point[] }>('/api/metrics/history', { ...between, step: 'raw' });
    expect(points.map(({ time, cpu }) => [time, cpu.avg, cpu.min, cpu.max])).toEqual(
      within(END - 1_800, END).map(({ timestamp, total_cpu_percent: cpu }) => [timestamp, cpu, cpu, cpu]),
    );
    expect(points[0]).not.toHaveProperty('cores');
  });

  test('reads on past the end of a page', async () => {
    const { points } = await ask<{ points: Point[] }>('/api/metrics/history', {
      agent: 'slow',
      from: END - 86_400,
      to: END,
      step: 'raw',
    });
    expect(points.map(({ time }) => time)).toEqual(
      Array.from({ length: 1_440 }, (_, i) => END - 86_400 + 60 * i),
    );
    expect(points.map(({ cpu }) => cpu.avg)).toEqual(Array.from({ length: 1_440 }, (_, i) => i % 100));
  });

  test('is made longer to whole steps, and says so', async () => {
    const body = await ask<{ from: number; to: number; points: Point[] }>('/api/metrics/history', {
      agent: 'slow',
      from: END - 3_599,
      to: END - 1,
      step: '1h',
    });
    expect(body).toMatchObject({ from: END - 3_600, to: END, step: '1h', points: [{ samples: 60 }] });
  });

  test('leaves out what nobody measured', async () => {
    const before = { agent: 'slow', from: END - 90_000, to: END - 86_400, step: '1m' };
    expect(await ask('/api/metrics/history', before)).toMatchObject({ points: [] });
    expect(await ask('/api/metrics/history', { ...before, agent: 'nobody' })).toMatchObject({ points: [] });
  });

  test('chooses a step that fits the range', async () => {
    const stepOf = async (from: number) =>
      (await ask<{ step: string }>('/api/metrics/history', { agent: 'nobody', from, to: END })).step;
    expect(await stepOf(END - 600)).toBe('raw');
    expect(await stepOf(END - 6 * 3_600)).toBe('1m');
    expect(await stepOf(END - 7 * 86_400)).toBe('15m');
  });

  test.each([
    ['from=-1h&to=-2h', 'to', 'Must be later than from'],
    ['from=2200-01-01', 'from', 'Lies in the future: nothing has been measured yet'],
    ['from=tomorrow', 'from', expect.stringContaining('ISO 8601')],
    ['from=-9999d', 'from', expect.stringContaining('1830 days')],
    ['step=often', 'step', expect.stringContaining('Must be raw')],
    ['from=-1d&step=2s', 'step', expect.stringContaining('More than 5,000 points')],
    ['cores=yes', 'cores', expect.any(String)],
  ])('refuses %s, naming the field', async (query, field, msg) => {
    const { status, body } = await get(`${api.url}/api/metrics/history?agent=web-01&${query}`);
    expect([status, body]).toEqual([
      422,
      { detail: [{ loc: ['query', field], msg, type: expect.any(String) }] },
    ]);
  });
});

interface Process {
  name: string;
  cpu_seconds: number;
  share: number;
  cpu_percent: { avg: number; max: number };
  memory_mb: { avg: number; max: number };
  io_read_mb: number;
  io_write_mb: number;
  samples: number;
  first_seen: number;
  last_seen: number;
}

/** How long each of the recording stands: until the next one, the last as long as the one before. No gap is over 90 s. */
const held = recorded.map(({ timestamp }, i) => {
  const next = recorded[i + 1];
  return next === undefined ? timestamp - (recorded[i - 1]?.timestamp ?? NaN) : next.timestamp - timestamp;
});
const sumOf = (figures: number[]) => figures.reduce((sum, figure) => sum + figure, 0);

/** CPU seconds by name in a part of the recording, as the description tells to work them out. */
function cpuSecondsByName(from: number, to: number): Map<string, number> {
  const seconds = new Map<string, number>();
  for (const [i, { timestamp, top_processes }] of recorded.entries()) {
    if (timestamp < from || timestamp >= to) continue;
    for (const { name, cpu_percent } of top_processes)
      seconds.set(name, (seconds.get(name) ?? 0) + (cpu_percent / 100) * (held[i] ?? NaN));
  }
  return seconds;
}

describe('GET /api/processes/top', () => {
  const between = { agent: 'web-01', from: START, to: END };

  test('has each name with what it used, the most first', async () => {
    const body = await ask<{
      processes: Process[];
      samples: number;
      covered_seconds: number;
      used_cpu_seconds: number;
    }>('/api/processes/top', { ...between, limit: 100 });
    const seconds = cpuSecondsByName(START, END);
    expect(body).toMatchObject({ from: START, to: END, by: 'cpu', samples: 900 });
    expect(body.covered_seconds).toBe(sumOf(held));
    expect(Math.max(...held)).toBeLessThanOrEqual(90);
    expect(body.processes.map(({ name }) => name).toSorted()).toEqual([...seconds.keys()].toSorted());
    for (const { name, cpu_seconds, share } of body.processes) {
      expect(cpu_seconds).toBeCloseTo(seconds.get(name) ?? NaN, 2);
      expect(share).toBeCloseTo(cpu_seconds / body.used_cpu_seconds, 3);
    }
    const order = body.processes.map(({ cpu_seconds }) => cpu_seconds);
    expect(order).toEqual(order.toSorted((a, b) => b - a));
    const [top] = body.processes;
    const own = recorded.flatMap(({ timestamp, top_processes }) =>
      top_processes.some(({ name }) => name === top?.name) ? [timestamp] : [],
    );
    expect(top).toMatchObject({ samples: own.length, first_seen: own[0], last_seen: own.at(-1) });
  });

  test('by memory and by I/O, and no more than asked for', async () => {
    const top = async (by: string) =>
      (await ask<{ processes: Process[] }>('/api/processes/top', { ...between, by, limit: 3 })).processes;
    const byMemory = await top('memory');
    const largest = Math.max(
      ...recorded.flatMap(({ top_processes }) => top_processes.map(({ memory_mb }) => memory_mb)),
    );
    expect(byMemory).toHaveLength(3);
    expect(byMemory[0]?.memory_mb.max).toBeGreaterThanOrEqual(largest);
    const byIo = (await top('io')).map(({ io_read_mb, io_write_mb }) => io_read_mb + io_write_mb);
    expect(byIo).toEqual(byIo.toSorted((a, b) => b - a));
  });

  test('of any range, to the second', async () => {
    const [from, to] = [END - 1_234, END - 777];
    const body = await ask<{ processes: Process[]; samples: number }>('/api/processes/top', {
      ...between,
      from,
      to,
    });
    expect(body).toMatchObject({ from, to, samples: within(from, to).length });
    const seconds = cpuSecondsByName(from, to);
    expect(body.processes[0]?.cpu_seconds).toBeCloseTo(seconds.get(body.processes[0]?.name ?? '') ?? NaN, 3);
  });

  test('of a range that nobody measured is empty', async () => {
    expect(await ask('/api/processes/top', { ...between, agent: 'nobody' })).toMatchObject({
      samples: 0,
      used_cpu_seconds: 0,
      processes: [],
    });
  });

  test.each(['by=disk', 'limit=0', 'limit=101', 'limit=few', 'from=-1h&to=-2h'])(
    'refuses %s',
    async (query) => {
      expect((await get(`${api.url}/api/processes/top?agent=web-01&${query}`)).status).toBe(422);
    },
  );
});

describe('GET /api/processes/history', () => {
  test('adds up to what the top says, and has no point where the process was not named', async () => {
    const between = { agent: 'web-01', from: END - 1_800, to: END };
    const { processes } = await ask<{ processes: Process[] }>('/api/processes/top', {
      ...between,
      limit: 100,
    });
    for (const { name, cpu_seconds, samples, memory_mb } of processes) {
      const { points } = await ask<{ points: (Process & { time: number })[] }>('/api/processes/history', {
        ...between,
        name,
        step: '1m',
      });
      expect(sumOf(points.map((point) => point.samples))).toBe(samples);
      expect(sumOf(points.map((point) => point.cpu_seconds))).toBeCloseTo(cpu_seconds, 1);
      expect(Math.max(...points.map((point) => point.memory_mb.max))).toBe(memory_mb.max);
      for (const point of points) expect(point.first_seen).toBeGreaterThanOrEqual(point.time);
    }
    expect(await ask('/api/processes/history', { ...between, name: 'none such' })).toMatchObject({
      points: [],
    });
  });

  test('needs a name', async () => {
    const { status, body } = await get(`${api.url}/api/processes/history?agent=web-01`);
    expect([status, body]).toEqual([
      422,
      { detail: [{ loc: ['query', 'name'], msg: 'Field required', type: 'missing' }] },
    ]);
  });
});
