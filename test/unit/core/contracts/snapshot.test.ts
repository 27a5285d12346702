import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  agentIdSchema,
  MAX_PROCESSES,
  snapshotSchema,
  type SnapshotInput,
} from '../../../../core/contracts/snapshot.ts';
import { snapshot } from '../../../support/snapshots.ts';

const PROCESS = { pid: 1, name: 'init', cpu_percent: 0.5, memory_mb: 2.25 };

const positive = fc.double({ min: 0, max: 1e9, noNaN: true, noDefaultInfinity: true });
const count = fc.nat();
const storableName = fc.string({ unit: 'grapheme', maxLength: 60 }).filter((name) => !name.includes('\0'));

const processArbitrary = fc.record(
  {
    pid: fc.integer(),
    name: storableName,
    cpu_percent: positive,
    memory_mb: positive,
    thread_count: count,
    io_read_mb: positive,
    io_write_mb: positive,
    handle_count: count,
  },
  { requiredKeys: ['pid', 'name', 'cpu_percent', 'memory_mb'] },
);

/** Any snapshot the contract allows, with fields it lets out left out at random. */
const snapshotArbitrary: fc.Arbitrary<SnapshotInput> = fc.record(
  {
    timestamp: fc.nat(4_000_000_000),
    total_cpu_percent: fc.double({ min: 0, max: 100, noNaN: true }),
    per_core_cpu_percent: fc.array(positive, { maxLength: 16 }),
    system_memory_total_mb: positive,
    system_memory_used_mb: positive,
    top_processes: fc.array(processArbitrary, { maxLength: MAX_PROCESSES }),
    agent_id: fc.stringMatching(/^[A-Za-z0-9._:-]{1,128}$/),
  },
  { requiredKeys: ['timestamp', 'total_cpu_percent'] },
);

/** The JSON the service keeps of what an agent sent. */
function canonical(sent: unknown): string {
  return JSON.stringify(snapshotSchema.parse(JSON.parse(JSON.stringify(sent))));
}

/** The same object with its keys, at every depth, in the order of a seed. */
function shuffled(value: unknown, seed: number): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, seed + 1));
  if (typeof value !== 'object' || value === null) return value;
  const rank = (key: string) =>
    Array.from(`${seed}${key}`).reduce((hash, c) => (hash * 31 + c.charCodeAt(0)) >>> 0, 7);
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => rank(a) - rank(b))
      .map(([key, inner]) => [key, shuffled(inner, seed + 1)]),
  );
}

describe('the canonical JSON of a snapshot', () => {
  test('does not depend on the order of the keys', () => {
    fc.assert(
      fc.property(snapshotArbitrary, fc.nat(), (sent, seed) => {
        expect(canonical(shuffled(sent, seed))).toBe(canonical(sent));
      }),
    );
  });

  test('does not depend on fields the contract does not know', () => {
    const unknown = fc.dictionary(
      fc.string().map((key) => `x_${key}`),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(snapshotArbitrary, unknown, unknown, (sent, extra, inner) => {
        const processes = sent.top_processes?.map((process) => ({ ...inner, ...process }));
        const noisy = { ...extra, ...sent, ...(processes ? { top_processes: processes } : {}) };
        expect(canonical(noisy)).toBe(canonical(sent));
      }),
    );
  });

  test('does not depend on whether defaults were sent or left out', () => {
    expect(canonical({ timestamp: 5, total_cpu_percent: 1, top_processes: [PROCESS] })).toBe(
      canonical({
        timestamp: 5,
        total_cpu_percent: 1,
        per_core_cpu_percent: [],
        system_memory_total_mb: 0,
        system_memory_used_mb: 0,
        top_processes: [{ ...PROCESS, thread_count: 0, handle_count: 0, io_read_mb: 0, io_write_mb: 0 }],
      }),
    );
  });

  test('is read back as the very same snapshot', () => {
    fc.assert(
      fc.property(snapshotArbitrary, (sent) => {
        const once = canonical(sent);
        expect(canonical(JSON.parse(once))).toBe(once);
      }),
    );
  });

  test('differs where a figure of it differs', () => {
    const json = canonical(snapshot({ timestamp: 100 }));
    expect(canonical(snapshot({ timestamp: 101 }))).not.toBe(json);
    expect(canonical(snapshot({ timestamp: 100, total_cpu_percent: 12.51 }))).not.toBe(json);
    expect(canonical(snapshot({ timestamp: 100, agent_id: 'web-01' }))).not.toBe(json);
  });
});

test('what is left out gets the contract’s default', () => {
  expect(snapshotSchema.parse({ timestamp: 5, total_cpu_percent: 1 })).toEqual({
    timestamp: 5,
    total_cpu_percent: 1,
    per_core_cpu_percent: [],
    system_memory_total_mb: 0,
    system_memory_used_mb: 0,
    top_processes: [],
  });
  expect(
    snapshotSchema.parse({ timestamp: 5, total_cpu_percent: 1, top_processes: [PROCESS] }).top_processes,
  ).toEqual([{ ...PROCESS, thread_count: 0, io_read_mb: 0, io_write_mb: 0, handle_count: 0 }]);
});

test('every snapshot of a real agent is taken', () => {
  const lines = readFileSync(new URL('../../../fixtures/agent-snapshots.ndjson', import.meta.url), 'utf8')
    .trim()
    .split('\n');
  expect(lines).toHaveLength(900);
  for (const line of lines) expect(snapshotSchema.parse(JSON.parse(line))).toEqual(JSON.parse(line));
});

describe('taken at its bound', () => {
  test.each([
    ['no load', { total_cpu_percent: 0 }],
    ['full load', { total_cpu_percent: 100 }],
    ['the epoch', { timestamp: 0 }],
    ['a whole number written as 5.0', { timestamp: JSON.parse('5.0') as number }],
    ['twelve processes', { top_processes: Array.from({ length: 12 }, () => PROCESS) }],
    ['a process on many cores', { top_processes: [{ ...PROCESS, cpu_percent: 6400 }] }],
    ['an empty process name', { top_processes: [{ ...PROCESS, name: '' }] }],
    [
      'a name of emoji, quotes and newlines',
      { top_processes: [{ ...PROCESS, name: '🔥"\\\n\u0001\ufffd' }] },
    ],
  ])('%s', (_, changes) => {
    expect(snapshotSchema.safeParse(snapshot(changes)).success).toBe(true);
  });
});

describe('refused', () => {
  /** As the text an agent would send, because NaN and the like do not survive JSON.stringify. */
  const withField = (field: string, json: string) =>
    `{"timestamp":5,"total_cpu_percent":1,"top_processes":[]}`.replace(
      field === 'top_processes' ? '"top_processes":[]' : /\}$/,
      field === 'top_processes' ? `"top_processes":${json}` : `,"${field}":${json}}`,
    );
  const process = (changes: object) => JSON.stringify([{ ...PROCESS, ...changes }]);
  const processWith = (field: string, json: string) => process({}).replace(/\}\]$/, `,"${field}":${json}}]`);

  test.each([
    ['a timestamp that is no whole number', 'timestamp', '5.5'],
    ['a negative timestamp', 'timestamp', '-1'],
    ['a timestamp as text', 'timestamp', '"5"'],
    ['a timestamp that is true', 'timestamp', 'true'],
    ['a timestamp that is null', 'timestamp', 'null'],
    ['an infinite timestamp', 'timestamp', '1e400'],
    ['a timestamp beyond exact numbers', 'timestamp', '9007199254740993'],
    ['CPU above 100', 'total_cpu_percent', '100.01'],
    ['negative CPU', 'total_cpu_percent', '-0.01'],
    ['infinite CPU', 'total_cpu_percent', '1e400'],
    ['CPU as text', 'total_cpu_percent', '"45.2"'],
    ['CPU that is false', 'total_cpu_percent', 'false'],
    ['CPU that is a list', 'total_cpu_percent', '[1]'],
    ['null for the list of cores', 'per_core_cpu_percent', 'null'],
    ['an infinite core', 'per_core_cpu_percent', '[1,1e400]'],
    ['null for a core', 'per_core_cpu_percent', '[null]'],
    ['text for a core', 'per_core_cpu_percent', '["1"]'],
    ['an object for the list of cores', 'per_core_cpu_percent', '{"0":1}'],
    ['more cores than any machine has', 'per_core_cpu_percent', `[${Array(4097).fill(1).join()}]`],
    ['negative memory', 'system_memory_total_mb', '-1'],
    ['infinite memory', 'system_memory_used_mb', '-1e400'],
    ['null memory', 'system_memory_used_mb', 'null'],
    ['null for the list of processes', 'top_processes', 'null'],
    ['thirteen processes', 'top_processes', JSON.stringify(Array(13).fill(PROCESS))],
    ['a process that is null', 'top_processes', '[null]'],
    ['a process without a pid', 'top_processes', process({ pid: undefined })],
    ['a process without a name', 'top_processes', process({ name: undefined })],
    ['a process without CPU', 'top_processes', process({ cpu_percent: undefined })],
    ['a process without memory', 'top_processes', process({ memory_mb: undefined })],
    ['a pid with a fraction', 'top_processes', process({ pid: 1.5 })],
    ['a pid as text', 'top_processes', process({ pid: '1' })],
    ['a name that is a number', 'top_processes', process({ name: 7 })],
    ['a name with U+0000', 'top_processes', process({ name: 'a\0b' })],
    ['a name with a lone high surrogate', 'top_processes', process({ name: 'a\ud83db' })],
    ['a name with a lone low surrogate', 'top_processes', process({ name: '\udd25' })],
    ['a name of a megabyte', 'top_processes', process({ name: 'a'.repeat(2 ** 20) })],
    ['negative CPU of a process', 'top_processes', process({ cpu_percent: -1 })],
    ['infinite CPU of a process', 'top_processes', processWith('cpu_percent', '1e400')],
    ['a thread count with a fraction', 'top_processes', process({ thread_count: 1.5 })],
    ['a negative handle count', 'top_processes', process({ handle_count: -1 })],
    ['negative bytes read', 'top_processes', process({ io_read_mb: -0.5 })],
    ['null bytes written', 'top_processes', process({ io_write_mb: null })],
    ['an empty agent id', 'agent_id', '""'],
    ['a null agent id', 'agent_id', 'null'],
  ])('%s', (_, field, json) => {
    const sent: unknown = JSON.parse(withField(field, json));
    const result = snapshotSchema.safeParse(sent);
    expect(result.success).toBe(false);
    expect(result.error?.issues.map((issue) => issue.path[0])).toEqual([field]);
  });

  test('a body that is no object, or lacks what is required', () => {
    for (const body of [null, [], 'text', 5, true, {}, { timestamp: 5 }, { total_cpu_percent: 5 }]) {
      expect(snapshotSchema.safeParse(body).success).toBe(false);
    }
  });

  test('NaN, which JSON cannot carry but a caller in this process can', () => {
    expect(snapshotSchema.safeParse(snapshot({ total_cpu_percent: NaN })).success).toBe(false);
  });

  test('a snapshot that hides its fields in __proto__, which stays harmless', () => {
    const sent: unknown = JSON.parse('{"__proto__":{"timestamp":5,"total_cpu_percent":1,"polluted":true}}');
    expect(snapshotSchema.safeParse(sent).success).toBe(false);
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('an agent id', () => {
  test.each(['a', 'web-01', 'WEB_01.example.org', '10.0.0.1', 'fd00::1', 'a'.repeat(128)])(
    'may be %s',
    (id) => {
      expect(agentIdSchema.parse(id)).toBe(id);
    },
  );

  test.each([
    '',
    ' ',
    'a b',
    'a\n',
    '\na',
    'a/b',
    '../etc',
    '<script>',
    'a"b',
    'a\0',
    'é',
    '{a}',
    '*',
    'a'.repeat(129),
    7,
    null,
    ['a'],
  ])('may not be %j', (id) => {
    expect(agentIdSchema.safeParse(id).success).toBe(false);
  });
});
