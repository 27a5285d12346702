import { describe, expect, test } from '@jest/globals';
import type { Operations, QueueFigures } from '../../../../core/contracts/operations.ts';
import { findingsOf } from '../../../../dashboard/operations/findings.ts';

const NODE = {
  id: 'a:1',
  version: '1.0.0',
  uptime_seconds: 60,
  ingest_per_second: 5,
  sockets: { socket_io: 1, websocket: 0 },
};

const IDLE = { waiting: 0, active: 0, delayed: 0, failed: 0, oldest_seconds: 0 };

const WELL: Operations = {
  health: { status: 'ok', redis: 'connected', postgres: 'connected', warnings: [] },
  node: NODE,
  nodes: [NODE],
  ingest_per_second: 5,
  sockets: 1,
  queues: ['timeline', 'persist', 'alerts', 'prune', 'rollup'].map((name) => ({ name, ...IDLE })),
  rollup_behind_seconds: 20,
};

const withHealth = (health: Partial<Operations['health']>): Operations => ({
  ...WELL,
  health: { ...WELL.health, ...health },
});
const withQueue = (name: string, figures: Partial<QueueFigures>): Operations => ({
  ...WELL,
  queues: [{ name, ...IDLE, ...figures }],
});
const short = (operations: Operations) =>
  findingsOf(operations).map(({ level, title }) => `${level}: ${title}`);

describe('what is wrong with the service', () => {
  test('is nothing where all is well', () => {
    expect(findingsOf(WELL)).toEqual([]);
  });

  test.each<[string, Operations, string[]]>([
    [
      'Redis is away',
      { ...withHealth({ redis: 'disconnected' }), queues: null },
      ['bad: Redis does not answer'],
    ],
    ['PostgreSQL is away', withHealth({ postgres: 'disconnected' }), ['bad: PostgreSQL does not answer']],
    ['there is no PostgreSQL', withHealth({ postgres: 'disabled' }), ['note: No history is kept']],
    [
      'snapshots are refused',
      withHealth({
        warnings: ['Snapshots are refused: 900 jobs wait in the queue persist (BACKLOG_MAX_JOBS 800)'],
      }),
      ['bad: Snapshots are refused'],
    ],
    [
      'Redis keeps nothing',
      withHealth({ warnings: ['appendonly is off'] }),
      ['warn: Redis may lose what it acknowledged'],
    ],
    [
      'no worker takes a stage',
      withQueue('persist', { waiting: 40, oldest_seconds: 61 }),
      ['bad: Nobody works on the queue persist'],
    ],
    [
      'a worker is too slow',
      withQueue('timeline', { waiting: 40, active: 4, oldest_seconds: 16 }),
      ['warn: The queue timeline is behind'],
    ],
    ['what only tidies up takes a minute', withQueue('prune', { active: 1, oldest_seconds: 60 }), []],
    ['a job was given up', withQueue('alerts', { failed: 1 }), ['warn: 1 job of the queue alerts failed']],
    [
      'minutes are not made',
      { ...WELL, rollup_behind_seconds: 600 },
      ['warn: Minutes are made up to 10 min ago only'],
    ],
    [
      'old rows are being moved',
      withHealth({ upgrade: { state: 'moving', percent: 40, rows_left: 1_200, rows_refused: 0 } }),
      ['note: The rows of the service before are being moved: 40 %'],
    ],
    [
      'nodes are being replaced',
      { ...WELL, nodes: [NODE, { ...NODE, id: 'b:1', version: '1.1.0' }] },
      ['note: The API nodes are of different versions'],
    ],
  ])('is told where %s', (_, operations, expected) => {
    expect(short(operations)).toEqual(expected);
  });

  test('begins with the worst', () => {
    const all = withHealth({ postgres: 'disconnected', upgrade: { state: 'finished', rows_refused: 3 } });
    expect(short({ ...all, rollup_behind_seconds: 600 }).map((text) => text.split(':')[0])).toEqual([
      'bad',
      'warn',
      'note',
    ]);
  });

  test('comes with what to type, where that is what helps', () => {
    expect(findingsOf(withQueue('alerts', { failed: 12 }))[0]).toMatchObject({
      title: '12 jobs of the queue alerts failed',
      command: 'npm run queues -- redrive alerts',
    });
  });

  test('says why a move of old rows does not go on', () => {
    const upgrade = { state: 'moving', rows_refused: 0, obstacle: 'the old table is in use' } as const;
    expect(findingsOf(withHealth({ upgrade }))[0]).toMatchObject({
      level: 'warn',
      text: expect.stringContaining('the old table is in use'),
    });
  });
});
