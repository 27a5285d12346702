import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isCanonicalJson, isCanonicalSnapshot } from '../../../../core/snapshot/canonical.ts';
import { MAX_PROCESSES, snapshotSchema } from '../../../../core/contracts/snapshot.ts';
import { codePoint } from '../../../support/codePoint.ts';
import { recordedSnapshots } from '../../../support/snapshots.ts';

/** Values as JSON can hold them, those on the edges of the bounds among them. */
const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 1, 100, 100.01, -0.01, 2 ** 53, 2 ** 53 - 1, 1e300, Infinity),
);
const text = fc.oneof(
  fc.string({ unit: codePoint, maxLength: 12 }),
  fc.constantFrom('', 'node', 'a\u0000b', '\ud800', 'x'.repeat(1024), 'x'.repeat(1025)),
);
const count = fc.nat();
const amount = fc.double({ min: 0, max: 1e9, noNaN: true });
/** Mostly what belongs there, sometimes anything. */
const mostly = (right: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { weight: 40, arbitrary: right },
    { weight: 1, arbitrary: fc.oneof(number, text, fc.jsonValue()) },
  );

const processArbitrary = fc.record({
  pid: mostly(fc.integer()),
  name: mostly(fc.string({ maxLength: 8 })),
  cpu_percent: mostly(amount),
  memory_mb: mostly(amount),
  thread_count: mostly(count),
  io_read_mb: mostly(amount),
  io_write_mb: mostly(amount),
  handle_count: mostly(count),
});

const snapshotArbitrary = fc.record(
  {
    timestamp: mostly(count),
    total_cpu_percent: mostly(fc.double({ min: 0, max: 100, noNaN: true })),
    per_core_cpu_percent: mostly(fc.array(mostly(number), { maxLength: 4 })),
    system_memory_total_mb: mostly(amount),
    system_memory_used_mb: mostly(amount),
    top_processes: mostly(fc.array(mostly(processArbitrary), { maxLength: MAX_PROCESSES + 1 })),
    agent_id: mostly(fc.stringMatching(/^[A-Za-z0-9._:-]{1,12}$/)),
  },
  {
    requiredKeys: [
      'timestamp',
      'total_cpu_percent',
      'per_core_cpu_percent',
      'system_memory_total_mb',
      'system_memory_used_mb',
      'top_processes',
    ],
  },
);

/** Leaves out, adds or moves a key, here and there. */
const disturbed = fc
  .tuple(snapshotArbitrary, fc.constantFrom('nothing', 'drop', 'add', 'move', 'inner'), fc.nat())
  .map(([snapshot, how, place]): unknown => {
    const entries = Object.entries(snapshot);
    const at = place % entries.length;
    if (how === 'drop') entries.splice(at, 1);
    if (how === 'add') entries.splice(at, 0, ['unknown', 1]);
    if (how === 'move') entries.push(...entries.splice(at, 1));
    const [first] = Array.isArray(snapshot.top_processes) ? (snapshot.top_processes as unknown[]) : [];
    if (how === 'inner' && typeof first === 'object' && first !== null) Object.assign(first, { extra: true });
    return Object.fromEntries(entries);
  });

describe('telling a canonical snapshot by sight', () => {
  test('takes only what the schema would take as it is', () => {
    let taken = 0;
    fc.assert(
      fc.property(disturbed, (value) => {
        if (!isCanonicalSnapshot(value)) return;
        taken += 1;
        const parsed = snapshotSchema.safeParse(value);
        expect(parsed.error).toBeUndefined();
        expect(JSON.stringify(value)).toBe(JSON.stringify(parsed.data));
      }),
      { numRuns: 3_000 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  test('takes whatever the schema has made', () => {
    fc.assert(
      fc.property(disturbed, (value) => {
        const parsed = snapshotSchema.safeParse(value);
        if (parsed.success) expect(isCanonicalSnapshot(parsed.data)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test('takes every snapshot recorded from a real agent', () => {
    for (const snapshot of recordedSnapshots(1_800_000_000)) expect(isCanonicalSnapshot(snapshot)).toBe(true);
  });

  test.each([null, undefined, 1, 'text', [], {}, Object.create(null), new Map()])(
    'leaves %p to the schema',
    (value) => {
      expect(isCanonicalSnapshot(value)).toBe(false);
    },
  );
});

/** Numbers and names as agents' JSON has them, and now and then as somebody else may write them. */
const hundredths = fc.nat({ max: 10_000 }).map((units) => String(units / 100));
const numberText = fc.oneof(
  { weight: 60, arbitrary: hundredths },
  {
    weight: 1,
    arbitrary: fc.stringMatching(/^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,9})?([eE][+-]?[0-9]{1,2})?$/),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('0.000001', '0.0000001', '-0', '01', '1.', '999999999.999999', '100.5', '1e2'),
  },
);
const countText = fc.oneof(
  { weight: 60, arbitrary: fc.nat().map(String) },
  { weight: 1, arbitrary: fc.oneof(numberText, fc.maxSafeNat().map(String)) },
);
const nameText = fc.oneof(
  { weight: 20, arbitrary: fc.stringMatching(/^[ -~]{0,20}$/).map((name) => JSON.stringify(name)) },
  { weight: 1, arbitrary: fc.string({ unit: codePoint, maxLength: 12 }).map((name) => JSON.stringify(name)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '"C:\\\\x"',
      '"\\u0041"',
      '"\\/"',
      '"}]"',
      '"\u007f"',
      '"é"',
      `"${'x'.repeat(1_025)}"`,
      '1',
    ),
  },
);
const processText = fc
  .tuple(countText, nameText, numberText, numberText, countText, numberText, numberText, countText)
  .map(
    ([pid, name, cpu, memory, threads, read, writes, handles]) =>
      `{"pid":${pid},"name":${name},"cpu_percent":${cpu},"memory_mb":${memory},"thread_count":${threads},` +
      `"io_read_mb":${read},"io_write_mb":${writes},"handle_count":${handles}}`,
  );
const written = fc
  .tuple(
    countText,
    numberText,
    fc.array(numberText, { maxLength: 5 }),
    numberText,
    fc.array(processText, { maxLength: MAX_PROCESSES + 1 }),
    fc.constantFrom('', '', ',"agent_id":"web-01"', ',"agent_id":"web 01"', ',"agent_id":"web-01","more":1'),
  )
  .map(
    ([timestamp, cpu, cores, memory, processes, rest]) =>
      `{"timestamp":${timestamp},"total_cpu_percent":${cpu},"per_core_cpu_percent":[${cores.join(',')}],` +
      `"system_memory_total_mb":8000,"system_memory_used_mb":${memory},"top_processes":[${processes.join(',')}]${rest}}`,
  );

/** The same with one character changed or gone. */
const damaged = fc
  .tuple(written, fc.nat(), fc.constantFrom('', ' ', '0', '"', ',', '\\', '\u00e9'))
  .map(([text, place, character]) => {
    const at = place % text.length;
    return text.slice(0, at) + character + text.slice(at + 1);
  });

describe('telling canonical JSON by sight', () => {
  test('takes only what would be the same, were it read and written again', () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.oneof({ weight: 2, arbitrary: written }, damaged), (json) => {
        if (!isCanonicalJson(json)) return;
        taken += 1;
        expect(Buffer.from(json).toString('latin1')).toBe(json);
        const value: unknown = JSON.parse(json);
        expect(isCanonicalSnapshot(value)).toBe(true);
        expect(JSON.stringify(value)).toBe(json);
        expect(JSON.stringify(snapshotSchema.parse(value))).toBe(json);
      }),
      { numRuns: 5_000 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  test('takes every snapshot recorded from a real agent whose names are ASCII', () => {
    for (const [i, snapshot] of recordedSnapshots(1_800_000_000).entries()) {
      const json = JSON.stringify({ ...snapshot, ...(i % 2 === 0 && { agent_id: 'web-01' }) });
      expect([json, isCanonicalJson(json)]).toEqual([json, !/[^ -~]/.test(json)]);
    }
  });

  test.each(['', '{}', 'null', '[1]'])('leaves %j to whoever reads it', (text) => {
    expect(isCanonicalJson(text)).toBe(false);
  });
});
