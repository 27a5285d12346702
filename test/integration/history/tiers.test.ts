import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { agentBuckets } from '../../../api/history/agentBuckets.ts';
import type { Tier } from '../../../core/contracts/historyTerms.ts';
import type { Snapshot } from '../../../core/contracts/snapshot.ts';
import { foldSteps } from '../../../core/history/fold.ts';
import { planSegments, type Coverage } from '../../../core/history/segments.ts';
import { createHistoryStore } from '../../../core/stores/postgres/history.ts';
import type { RollupStore } from '../../../core/stores/postgres/rollups.ts';
import { nowSeconds } from '../../../core/time.ts';
import { createTestHistory, snapshotAt, type TestHistory } from '../../support/history.ts';
import { openRollups, rollUp, storeSnapshots } from '../../support/historyService.ts';
import { get } from '../../support/http.ts';
import { pointOf } from '../../support/points.ts';
import { startApiNode, type RunningNode } from '../../support/service.ts';
import { startTestRedis, type TestRedis } from '../../support/stores.ts';

const HOUR = 3_600;

/** Whole hours, some days ago: also where steps are six of them. */
const END = Math.floor((nowSeconds() - 3 * 86_400) / (6 * HOUR)) * 6 * HOUR;
const START = END - 6 * HOUR;

let redisServer: TestRedis;
let history: TestHistory;
let api: RunningNode;
let rollups: RollupStore;

/** The same numbers every time. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

/** Six hours with gaps of all lengths, several snapshots of one second, processes that come, go and share a name. */
function irregularSnapshots(): Snapshot[] {
  const random = createRandom(20);
  const gaps = [0, 1, ...Array.from({ length: 30 }, () => 2), 5, 10, 30, 59, 60, 61, 89, 90, 91, 92, 400];
  const snapshots: Snapshot[] = [];
  for (let at = START - 100; at < END + 100; at += gaps[random(gaps.length)] ?? 2) {
    const process = (pid: number) => ({
      pid,
      name: `worker-${pid % 7}`,
      cpu_percent: random(20_000) / 100,
      memory_mb: random(400_000) / 100,
      thread_count: 1,
      io_read_mb: (at - START + 100) / 10 + random(3),
      io_write_mb: pid,
      handle_count: 1,
    });
    snapshots.push(
      snapshotAt(at, {
        total_cpu_percent: random(10_001) / 100,
        per_core_cpu_percent: Array.from({ length: 1 + random(4) }, () => random(10_001) / 100),
        system_memory_used_mb: random(16_000),
        top_processes: Array.from({ length: random(12) }, () => process(random(30))),
      }),
    );
  }
  return snapshots;
}

const snapshots = irregularSnapshots();

beforeAll(async () => {
  [redisServer, history] = await Promise.all([startTestRedis(), createTestHistory()]);
  await storeSnapshots(history, 'web-01', snapshots);
  api = await startApiNode({ REDIS_URL: redisServer.url, POSTGRES_DSN: history.dsn });
  rollups = openRollups(history);
});

afterAll(async () => {
  await api.stop();
  await history.close();
  await redisServer.close();
});

type Answer = Record<string, unknown> & { tiers: { tier: Tier }[] };

async function ask(path: string, query: Record<string, string | number>): Promise<Answer> {
  const parameters = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, `${value}`]),
  );
  const { status, body } = await get(`${api.url}${path}?${parameters.toString()}`);
  expect([status, status === 200 ? undefined : body]).toEqual([200, undefined]);
  return body as Answer;
}

const tiersOf = ({ tiers }: Answer) => [...new Set(tiers.map(({ tier }) => tier))];

const QUESTIONS: [path: string, query: Record<string, string | number>, tiers: Tier[]][] = [
  ['/api/metrics/history', { from: START, to: END, step: '1h', cores: 'true' }, ['hours']],
  ['/api/metrics/history', { from: START, to: END, step: '6h' }, ['hours']],
  ['/api/metrics/history', { from: START + 7, to: END - 7, step: '5m', cores: 'true' }, ['minutes']],
  ['/api/metrics/history', { from: START, to: END, step: '10s' }, ['raw']],
  ['/api/processes/top', { from: START, to: END, limit: 100 }, ['hours']],
  ['/api/processes/top', { from: START + 61, to: END - 61, limit: 100 }, ['raw', 'minutes', 'hours']],
  ['/api/processes/top', { from: START + 1, to: START + 3_000, limit: 100, by: 'io' }, ['raw', 'minutes']],
  ['/api/processes/history', { name: 'worker-3', from: START, to: END, step: '1h' }, ['hours']],
  ['/api/processes/history', { name: 'worker-3', from: START, to: END, step: '15m' }, ['minutes']],
];

describe('what is rolled up', () => {
  test('is read from the coarsest tier that will do, and answers what the rows do', async () => {
    const before = [];
    for (const [path, query] of QUESTIONS) before.push(await ask(path, { agent: 'web-01', ...query }));
    for (const answer of before) expect(tiersOf(answer)).toEqual(['raw']);
    await rollUp(rollups);
    for (const [i, [path, query, tiers]] of QUESTIONS.entries()) {
      const after = await ask(path, { agent: 'web-01', ...query });
      expect(tiersOf(after).toSorted()).toEqual(tiers.toSorted());
      expect({ ...after, tiers: [] }).toEqual({ ...before[i], tiers: [] });
    }
  });

  test('of an hour that is to be made anew is read from its minutes', async () => {
    const late = snapshotAt(START + 1_800, { total_cpu_percent: 99.99 });
    await storeSnapshots(history, 'web-01', [late]);
    const question = { agent: 'web-01', from: START, to: END, step: '1h' };
    await history.prisma.$executeRawUnsafe(
      `INSERT INTO "${history.table}_pending_hours" (agent_id, hour, marked_at) VALUES ('web-01', to_timestamp($1::float8), now())`,
      START + 2 * HOUR,
    );
    expect(tiersOf(await ask('/api/metrics/history', question))).toEqual(['hours', 'minutes']);
    await rollUp(rollups);
    const answer = await ask('/api/metrics/history', question);
    expect(tiersOf(answer)).toEqual(['hours']);
    expect(answer).toMatchObject({ points: [{ cpu: { max: 99.99 } }, {}, {}, {}, {}, {}] });
  });
});

test('rows, minutes and hours give the same points, whichever of them a range is read from', async () => {
  const store = createHistoryStore({ ...history, onDamaged: () => undefined });
  const from = (rawFrom: number, minutesFrom: number, hoursFrom: number): Coverage => ({
    raw: { from: rawFrom, to: Number.MAX_SAFE_INTEGER },
    minutes: { from: minutesFrom, to: END },
    hours: { from: hoursFrom, to: END },
  });
  const never = Number.MAX_SAFE_INTEGER;
  const coverages = [
    from(0, never, never),
    from(0, 0, never),
    from(0, never, 0),
    from(0, START + HOUR, START + 4 * HOUR),
    from(0, START + 4 * HOUR, START + 1),
  ];
  for (const stepSeconds of [HOUR, 2 * HOUR, 6 * HOUR]) {
    const answers = [];
    for (const coverage of coverages) {
      const segments = planSegments({ from: START, to: END }, stepSeconds, coverage);
      const answer: unknown[] = [];
      const fold = foldSteps(stepSeconds, (start, read) =>
        answer.push([pointOf(start, read.bucket(), true), read.bucket().processes]),
      );
      for await (const page of agentBuckets({ store, rollups }, 'web-01', segments, stepSeconds))
        fold.add(page);
      fold.end();
      answers.push(answer);
    }
    expect(answers[0]).toHaveLength((END - START) / stepSeconds);
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  }
});
