import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { UnavailableError } from '../../../core/errors.ts';
import { openPrisma } from '../../../core/platform/prisma.ts';
import { createAgentStore, type AgentStore, type LastSeen } from '../../../core/stores/postgres/agents.ts';
import { createSnapshotStore } from '../../../core/stores/postgres/snapshots.ts';
import { nowSeconds } from '../../../core/time.ts';
import { createLastSeenWriter } from '../../../workers/persist/lastSeen.ts';
import { createTestHistory, silentLog, snapshotRow, type TestHistory } from '../../support/history.ts';
import { waitFor } from '../../support/waitFor.ts';
import { toQueuedRow } from '../../../core/snapshot/row.ts';

const NOW_MS = nowSeconds() * 1000;

let history: TestHistory;
let agents: AgentStore;
beforeAll(async () => {
  history = await createTestHistory();
  agents = createAgentStore(history);
});
afterAll(() => history.close());
beforeEach(() => history.prisma.$executeRawUnsafe('TRUNCATE topline_agents, topline_forgotten_agents'));

function report(agentId: string, atMs = NOW_MS, labels?: LastSeen['labels']): LastSeen {
  return { agentId, firstReceivedAtMs: atMs, lastReceivedAtMs: atMs, labels };
}

describe('reports', () => {
  test('make an agent known, and keep when it was first and last heard of, in whichever order they come', async () => {
    await agents.upsert([report('a', NOW_MS), report('b', NOW_MS - 9000)]);
    await agents.upsert([report('a', NOW_MS - 5000)]);
    await agents.upsert([report('a', NOW_MS + 7000)]);
    expect(await agents.list()).toEqual([
      {
        agentId: 'a',
        name: undefined,
        labels: {},
        firstSeen: NOW_MS / 1000 - 5,
        lastSeen: NOW_MS / 1000 + 7,
      },
      {
        agentId: 'b',
        name: undefined,
        labels: {},
        firstSeen: NOW_MS / 1000 - 9,
        lastSeen: NOW_MS / 1000 - 9,
      },
    ]);
    expect(await agents.find('nobody')).toBeUndefined();
  });

  test('bring the labels it sent last; those that bring none leave them, an empty set takes them away', async () => {
    await agents.upsert([report('a', NOW_MS, { env: 'prod', role: 'web' })]);
    await agents.upsert([report('a', NOW_MS - 1000, { env: 'old' })]);
    await agents.upsert([report('a', NOW_MS + 1000)]);
    expect((await agents.find('a'))?.labels).toEqual({ env: 'prod', role: 'web' });
    await agents.upsert([report('a', NOW_MS + 2000, {})]);
    expect((await agents.find('a'))?.labels).toEqual({});
  });

  test('by many workers at once, in any order, wait for each other and do not deadlock', async () => {
    const all = Array.from({ length: 300 }, (_, i) => `agent-${i}`);
    const shuffled = (seed: number) =>
      all.toSorted((a, b) => ((a.length * seed) % 7) - ((b.length * seed) % 7));
    await Promise.all(
      Array.from({ length: 24 }, (_, i) =>
        agents.upsert(
          (i % 2 === 0 ? shuffled(i) : shuffled(i).toReversed()).map((id) => report(id, NOW_MS + i)),
        ),
      ),
    );
    expect(await agents.list()).toHaveLength(300);
  });
});

describe('what the operator says', () => {
  test('wins over what the agent does, until it is taken back', async () => {
    await agents.upsert([report('a', NOW_MS, { env: 'prod', role: 'web' })]);
    const changed = await agents.change(
      'a',
      { name: 'Checkout', labels: { env: 'test', rack: '7' } },
      NOW_MS,
    );
    expect(changed).toMatchObject({ name: 'Checkout', labels: { env: 'test', role: 'web', rack: '7' } });
    await agents.upsert([report('a', NOW_MS + 1000, { env: 'prod', zone: 'b' })]);
    expect((await agents.find('a'))?.labels).toEqual({ env: 'test', zone: 'b', rack: '7' });
    await agents.change('a', { labels: { env: null } }, NOW_MS);
    expect(await agents.find('a')).toMatchObject({
      name: 'Checkout',
      labels: { env: 'prod', zone: 'b', rack: '7' },
    });
    expect((await agents.change('a', { name: null }, NOW_MS)).name).toBeUndefined();
  });

  test('is kept for an agent that PostgreSQL has not heard of yet', async () => {
    expect(await agents.change('early', { name: 'Early' }, NOW_MS - 60_000)).toMatchObject({
      name: 'Early',
      firstSeen: NOW_MS / 1000 - 60,
    });
    await agents.upsert([report('early')]);
    expect(await agents.find('early')).toMatchObject({ name: 'Early', firstSeen: NOW_MS / 1000 - 60 });
  });

  test('has a bound, whatever number of steps leads there', async () => {
    const labels = (from: number) =>
      Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`k${from + i}`, 'v']));
    await agents.change('a', { labels: labels(0) }, NOW_MS);
    await expect(agents.change('a', { labels: labels(10) }, NOW_MS)).rejects.toMatchObject({
      name: 'InvalidRequestError',
    });
    expect(Object.keys((await agents.find('a'))?.labels ?? {})).toHaveLength(10);
  });
});

test('agents are found by all of the labels given, the operator’s over their own', async () => {
  await agents.upsert([
    report('a', NOW_MS, { env: 'prod', role: 'web' }),
    report('b', NOW_MS, { env: 'prod' }),
    report('c', NOW_MS, { env: 'test', role: 'web' }),
  ]);
  await agents.change('b', { labels: { env: 'test' } }, NOW_MS);
  expect(await agents.idsByLabels({ env: 'prod' })).toEqual(['a']);
  expect(await agents.idsByLabels({ env: 'test' })).toEqual(['b', 'c']);
  expect(await agents.idsByLabels({ env: 'test', role: 'web' })).toEqual(['c']);
  expect(await agents.idsByLabels({ env: 'nowhere' })).toEqual([]);
  expect(await agents.idsByLabels({})).toEqual(['a', 'b', 'c']);
});

describe('forgetting', () => {
  const snapshots = () => createSnapshotStore({ ...history, retentionDays: 30 });
  const countOf = async (agentId: string) => {
    const [row] = await history.prisma.$queryRawUnsafe<{ count: number }[]>(
      'SELECT count(*)::int AS count FROM metrics_snapshots_packed WHERE agent_id = $1',
      agentId,
    );
    return row?.count;
  };
  const untilOf = (seconds: number) => ({ untilReceivedMs: seconds * 1000, untilTimestamp: seconds });

  test('lets in nothing that was received until then, and everything received since', async () => {
    const now = nowSeconds();
    await agents.upsert([report('gone', (now - 60) * 1000, { env: 'prod' })]);
    await agents.forget('gone', (now - 20) * 1000);
    expect(await agents.find('gone')).toBeUndefined();

    // What was waiting in the queues, and what the agent goes on to report.
    await agents.upsert([report('gone', (now - 20) * 1000)]);
    expect(await agents.find('gone')).toBeUndefined();
    const rows = [40, 30, 10, 5].map((ago, i) => snapshotRow(i, now - ago, 'gone'));
    expect(await snapshots().insert(rows)).toEqual({ inserted: 2, duplicates: 0, expired: 2 });
    await agents.upsert([{ ...report('gone', (now - 5) * 1000), firstReceivedAtMs: (now - 40) * 1000 }]);
    expect(await agents.find('gone')).toMatchObject({ firstSeen: now - 20, labels: {} });

    // The work that is still being done does not take the new one away.
    await agents.forget('gone', (now - 20) * 1000);
    expect(await agents.find('gone')).toBeDefined();
  });

  test('deletes its rows, piece by piece, and no others', async () => {
    const now = nowSeconds();
    const ofDays = (agentId: string, base: number) =>
      Array.from({ length: 40 }, (_, i) => snapshotRow(base + i, now - i * 7200, agentId));
    await snapshots().insert([...ofDays('piecemeal', 1000), ...ofDays('other', 2000)]);
    const forgetting = { agentId: 'piecemeal', ...untilOf(now - 100) };
    const pieces: number[] = [];
    for (;;) {
      const { rows, done } = await agents.deleteRows(forgetting, 0);
      pieces.push(rows);
      if (done) break;
    }
    expect(pieces.length).toBeGreaterThan(5);
    expect(pieces.reduce((sum, rows) => sum + rows, 0)).toBe(39);
    expect([await countOf('piecemeal'), await countOf('other')]).toEqual([1, 40]);
    expect(await agents.deleteRows(forgetting, 1000)).toEqual({ rows: 0, done: true });
  });

  test('takes the minutes and hours of before with it', async () => {
    const now = nowSeconds();
    await history.prisma.$executeRawUnsafe(
      `CREATE TABLE some_hours PARTITION OF metrics_snapshots_process_hours DEFAULT`,
    );
    await history.prisma.$executeRawUnsafe(
      `INSERT INTO metrics_snapshots_process_hours
       SELECT to_timestamp($1::float8 - n * 3600), now(), now(), 0, 0, 0, 0, 0, 0, 0, 1, agent, 'node'
       FROM generate_series(0, 9) n, unnest(ARRAY['rolled', 'kept']) agent`,
      now,
    );
    const { rows, done } = await agents.deleteRows({ agentId: 'rolled', ...untilOf(now - 3600) }, 5000);
    expect({ rows, done }).toEqual({ rows: 9, done: true });
  });

  test('is remembered for some days', async () => {
    await agents.forget('long-ago', NOW_MS - 8 * 86_400_000);
    await agents.forget('lately', NOW_MS);
    await agents.prune();
    const left = await history.prisma.$queryRawUnsafe('SELECT agent_id FROM topline_forgotten_agents');
    expect(left).toEqual([{ agent_id: 'lately' }]);
  });
});

describe('a process that stores snapshots', () => {
  const row = (agentId: string, receivedAtMs: number, labels?: string) => {
    const queued = toQueuedRow({ ...snapshotRow(1, nowSeconds(), agentId), receivedAtMs });
    return labels === undefined ? queued : { ...queued, labels };
  };

  /** A store that counts what is asked of it. */
  function counting(fails = 0) {
    const calls: LastSeen[][] = [];
    const store = {
      async upsert(reports: LastSeen[]) {
        calls.push(reports);
        if (calls.length <= fails) throw new UnavailableError('PostgreSQL unavailable: for now');
        await agents.upsert(reports);
      },
    };
    return { calls, store };
  }

  test('writes each agent once, however many batches it is in, and again when its labels change', async () => {
    const { calls, store } = counting();
    const { note, close } = createLastSeenWriter(store, silentLog);
    for (let i = 0; i < 50; i += 1) note([row('busy', NOW_MS + i), row('other', NOW_MS + i)]);
    await waitFor(async () => (await agents.find('other')) !== undefined);
    for (let i = 0; i < 50; i += 1) note([row('busy', NOW_MS + 100 + i), row('other', NOW_MS)]);
    note([row('busy', NOW_MS + 1000, 'env=prod')]);
    await waitFor(async () => (await agents.find('busy'))?.labels['env'] === 'prod');
    await close();
    expect(calls.map((reports) => reports.map(({ agentId }) => agentId))).toEqual([
      ['busy', 'other'],
      ['busy'],
    ]);
  });

  test('tries again what could not be written, and hands in the rest when it stops', async () => {
    const { calls, store } = counting(1);
    const { note, close } = createLastSeenWriter(store, silentLog);
    note([row('late', NOW_MS, 'env=prod')]);
    await waitFor(async () => (await agents.find('late'))?.labels['env'] === 'prod');
    expect(calls).toHaveLength(2);
    note([row('last', NOW_MS)]);
    await close();
    expect(await agents.find('last')).toBeDefined();
  });
});

test('everything tells where PostgreSQL is out of reach', async () => {
  const away = openPrisma({
    dsn: 'postgresql://nobody@127.0.0.1:1/none',
    log: silentLog,
    applicationName: 'test',
    poolSize: 1,
  });
  const store = createAgentStore({ prisma: away.handle, table: 'metrics_snapshots' });
  const asked = [
    () => store.list(),
    () => store.find('a'),
    () => store.idsByLabels({}),
    () => store.upsert([report('a')]),
    () => store.change('a', { name: 'x' }, NOW_MS),
    () => store.forget('a', NOW_MS),
    () => store.deleteRows({ agentId: 'a', untilReceivedMs: 1, untilTimestamp: 1 }, 1),
    () => store.prune(),
  ];
  for (const ask of asked) await expect(ask()).rejects.toThrow(UnavailableError);
  await away.close();
});
