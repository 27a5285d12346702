import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AgentLine } from '../../../../api/fleet/agentLines.ts';
import { sortLines, type AgentFilter } from '../../../../api/fleet/agentOrder.ts';
import { listAgents } from '../../../../api/fleet/listAgents.ts';
import { advance, isForgotten, type AgentState } from '../../../../core/fleet/agentState.ts';
import { CONDITIONS, type Condition } from '../../../../core/contracts/agents.ts';
import { SORTS, type Order, type Sort } from '../../../../core/contracts/fleet.ts';

function stateOf(cpuPercent: number, memoryUsedMb: number, condition: Condition): AgentState {
  const state = advance(
    undefined,
    [
      {
        timestamp: 1,
        receivedAtMs: 1500,
        history: false,
        cpuPercent,
        memoryUsedMb,
        memoryTotalMb: 100,
        top: null,
      },
    ],
    2000,
  );
  if (state === undefined || isForgotten(state)) throw new Error('no state');
  return { ...state, condition };
}

function line(id: string, changes: Partial<AgentLine> = {}): AgentLine {
  return {
    id,
    name: id,
    labels: {},
    condition: 'online',
    firstSeen: 1,
    lastSeen: 1,
    state: undefined,
    ...changes,
  };
}

/** Orders in memory; none is ever lost. */
function listings() {
  const kept: string[][] = [];
  return {
    keep: async (ids: string[]) => kept.push(ids),
    read: async (number: number) => kept[number - 1],
  };
}

const ALL: AgentFilter = { labels: [] };
const query = (sort: Sort, limit: number, cursor?: string, filter = ALL, order: Order = 'asc') => ({
  filter,
  sort,
  order,
  limit,
  cursor,
});

describe('paging', () => {
  /** A fleet of agents with figures that are others at every page. */
  const ids = fc.uniqueArray(fc.stringMatching(/^[a-zA-Z0-9._:-]{1,8}$/), { minLength: 1, maxLength: 40 });
  const figures = fc.infiniteStream(fc.integer({ min: 0, max: 5 }));

  test.each(SORTS)('by %s shows every agent exactly once, however they move meanwhile', async (sort) => {
    await fc.assert(
      fc.asyncProperty(
        ids,
        figures,
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom<Order>('asc', 'desc'),
        async (agents, figure, limit, order) => {
          const next = () => figure.next().value ?? 0;
          const fleet = () =>
            agents.map((id) => {
              const condition = CONDITIONS[next() % 3] ?? 'online';
              const state = next() === 0 ? undefined : stateOf(next(), next(), condition);
              return line(id, { name: `name ${next()}`, lastSeen: next(), condition, state });
            });
          const store = listings();
          const seen: string[] = [];
          let cursor: string | undefined;
          do {
            const page = await listAgents(fleet(), query(sort, limit, cursor, ALL, order), store);
            seen.push(...page.lines.map(({ id }) => id));
            cursor = page.nextCursor;
          } while (cursor !== undefined);
          expect(seen.toSorted()).toEqual(agents.toSorted());
        },
      ),
      { numRuns: 60 },
    );
  });

  test('passes over an agent that was forgotten meanwhile, and does not need the one it stopped at', async () => {
    for (const sort of ['id', 'cpu'] as const) {
      const store = listings();
      const fleet = ['a', 'b', 'c', 'd'].map((id) => line(id));
      const first = await listAgents(fleet, query(sort, 2), store);
      const rest = fleet.filter(({ id }) => id !== 'b' && id !== 'c');
      const second = await listAgents(rest, query(sort, 2, first.nextCursor), store);
      expect([first, second].map(({ lines }) => lines.map(({ id }) => id))).toEqual([['a', 'b'], ['d']]);
      expect(second.nextCursor).toBeUndefined();
    }
  });

  test('keeps nothing where one page has them all', async () => {
    const store = { keep: () => Promise.reject(new Error('kept')), read: async () => undefined };
    const { lines, nextCursor } = await listAgents([line('a')], query('cpu', 1), store);
    expect([lines.length, nextCursor]).toEqual([1, undefined]);
  });

  test('refuses a cursor of another question, one that is gone, and what is none', async () => {
    const fleet = ['a', 'b', 'c'].map((id) => line(id));
    const store = listings();
    const { nextCursor } = await listAgents(fleet, query('cpu', 1), store);
    const ofIds = (await listAgents(fleet, query('id', 1), store)).nextCursor;
    const refused = [
      query('memory', 1, nextCursor),
      query('cpu', 1, nextCursor, { labels: [], search: 'x' }),
      query('cpu', 1, nextCursor, ALL, 'desc'),
      query('cpu', 1, ofIds),
      query('cpu', 1, 'rubbish'),
      query('cpu', 1, Buffer.from('["a",{"from":-1}]').toString('base64url')),
    ];
    for (const one of refused)
      await expect(listAgents(fleet, one, store)).rejects.toMatchObject({
        name: 'InvalidRequestError',
        faults: [{ loc: ['query', 'cursor'] }],
      });
    const gone = { keep: store.keep, read: async () => undefined };
    await expect(listAgents(fleet, query('cpu', 1, nextCursor), gone)).rejects.toThrow(/expired/);
  });
});

describe('filters and order', () => {
  const fleet = [
    line('web-01', { name: 'Checkout Übersicht', labels: { env: 'prod' }, state: stateOf(30, 10, 'online') }),
    line('web-02', {
      labels: { env: 'test', role: 'web' },
      condition: 'stale',
      state: stateOf(80, 90, 'stale'),
    }),
    line('db-01', { labels: { env: 'prod', role: 'db' }, condition: 'offline', lastSeen: 9 }),
  ];
  const found = async (filter: Partial<AgentFilter>) =>
    (await listAgents(fleet, query('id', 10, undefined, { labels: [], ...filter }), listings())).lines.map(
      ({ id }) => id,
    );

  test('by part of id or name, state, and all of the labels', async () => {
    expect(await found({})).toEqual(['db-01', 'web-01', 'web-02']);
    expect(await found({ search: 'WEB' })).toEqual(['web-01', 'web-02']);
    expect(await found({ search: 'check' })).toEqual(['web-01']);
    expect(await found({ search: 'ÜBERs'.normalize('NFD') })).toEqual(['web-01']);
    expect(await found({ state: 'stale' })).toEqual(['web-02']);
    expect(await found({ labels: [['env', 'prod']] })).toEqual(['db-01', 'web-01']);
    expect(
      await found({
        labels: [
          ['env', 'prod'],
          ['role', 'db'],
        ],
      }),
    ).toEqual(['db-01']);
    expect(await found({ search: 'web', labels: [['role', 'db']] })).toEqual([]);
  });

  const order = (sort: Sort, direction: Order) => sortLines(fleet, sort, direction).map(({ id }) => id);

  test.each([
    ['name', 'asc', ['web-01', 'db-01', 'web-02']],
    ['cpu', 'desc', ['web-02', 'web-01', 'db-01']],
    ['cpu', 'asc', ['web-01', 'web-02', 'db-01']],
    ['memory', 'desc', ['web-02', 'web-01', 'db-01']],
    ['last_seen', 'desc', ['db-01', 'web-01', 'web-02']],
    ['state', 'asc', ['web-01', 'web-02', 'db-01']],
    ['state', 'desc', ['db-01', 'web-02', 'web-01']],
  ] satisfies [Sort, Order, string[]][])('by %s, %s', (sort, direction, expected) => {
    expect(order(sort, direction)).toEqual(expected);
  });
});
