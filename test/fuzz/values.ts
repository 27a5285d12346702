import fc from 'fast-check';

/** The parts of JSON Schema that the service's OpenAPI document uses. */
export interface JsonSchema {
  $ref?: string;
  type?: string;
  anyOf?: JsonSchema[];
  const?: unknown;
  enum?: unknown[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  items?: JsonSchema;
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
}

/** Long arrays and strings are made by mutation: here they would only be slow. */
const USUAL_ITEMS = 14;

const NOW = Math.floor(Date.now() / 1000);

/** Values that a schema allows, for the most part: what its JSON Schema cannot say is not kept. */
export function valuesOf(schema: JsonSchema, components: Record<string, JsonSchema>): fc.Arbitrary<unknown> {
  const of = (inner: JsonSchema) => valuesOf(inner, components);
  if (schema.$ref !== undefined) return of(components[schema.$ref.split('/').at(-1) ?? ''] ?? {});
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(of));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = schema;
  switch (schema.type) {
    case 'object': {
      const { properties = {}, required = [] } = schema;
      const shape = Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, of(inner)]));
      return fc.record(shape, { requiredKeys: required });
    }
    case 'array':
      return fc.array(of(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? USUAL_ITEMS, USUAL_ITEMS),
      });
    case 'string':
      if (schema.pattern !== undefined) return fc.stringMatching(new RegExp(schema.pattern));
      return fc.string({
        unit: 'binary',
        maxLength: Math.min(schema.maxLength ?? 40, 40),
        minLength: schema.minLength ?? 0,
      });
    case 'integer': {
      const any = fc.integer({ min: Math.max(minimum, -(2 ** 31)), max: Math.min(maximum, 2 ** 31) });
      // A moment of the last minute, where one fits: most others are refused or let go as too old.
      return maximum < NOW
        ? any
        : fc.oneof(
            { arbitrary: any, weight: 1 },
            { arbitrary: fc.integer({ min: NOW - 60, max: NOW }), weight: 4 },
          );
    }
    case 'number':
      return fc.double({ min: Math.max(minimum, -1e6), max: Math.min(maximum, 1e6), noNaN: true });
    case 'boolean':
      return fc.boolean();
    case undefined:
    default:
      return fc.jsonValue();
  }
}

/** Stands for a piece of JSON that no value makes; `toJson` puts it in place. */
const raw = (text: string) => `@@${text}@@`;

const nested = (depth: number) => raw('['.repeat(depth) + ']'.repeat(depth));

const HOSTILE_VALUES: unknown[] = [
  null,
  true,
  '',
  '0',
  [],
  {},
  -1,
  -0.5,
  1e308,
  Number.MAX_SAFE_INTEGER + 2,
  101,
  '\u0000',
  'a\u0000b',
  '\ud800',
  '<img src=x onerror=alert(1)>',
  "'; DROP TABLE metrics_snapshots; --",
  '\u001b[2J\r\n',
  'x'.repeat(1025),
  'ü'.repeat(1024),
  nested(2_000),
  Array.from({ length: 5_000 }, () => 0),
  Array.from({ length: 13 }, () => ({ pid: 1, name: 'a', cpu_percent: 1, memory_mb: 1 })),
  JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
  ...[
    '1e400',
    '-1e400',
    'NaN',
    'Infinity',
    '-0',
    '01',
    '0x1f',
    '1e-400',
    '"\\ud800"',
    '"\\u0000"',
    '"\\x"',
    'undefined',
    '9'.repeat(400),
  ].map(raw),
];

const HOSTILE_KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'length',
  '',
  '\u0000',
  'agent_id',
  'x'.repeat(300),
];

type Edit = { at: number; how: 'replace' | 'delete' | 'add' | 'wrap' | 'quote'; value: unknown; key: string };

const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.record({
    at: fc.nat(500),
    how: fc.constantFrom('replace', 'replace', 'delete', 'add', 'wrap', 'quote'),
    value: fc.constantFrom(...HOSTILE_VALUES),
    key: fc.constantFrom(...HOSTILE_KEYS),
  }),
  { maxLength: 3 },
);

/** JSON text of values that were right, with up to three things wrong. */
export function jsonOf(values: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc
    .tuple(values, fc.oneof({ arbitrary: fc.constant([]), weight: 1 }, { arbitrary: edits, weight: 1 }))
    .map(([value, changes]) => toJson(changes.reduce(change, value)));
}

function toJson(value: unknown): string {
  return (JSON.stringify(value) ?? '').replace(
    /"@@((?:[^"\\]|\\.)*?)@@"/g,
    (_, text: string) => JSON.parse(`"${text}"`) as string,
  );
}

type Node = { parent: Record<string, unknown> | undefined; key: string; value: unknown };

/** A copy with one place of it changed. */
function change(original: unknown, { at, how, value, key }: Edit): unknown {
  const root: Record<string, unknown> = { value: structuredClone(original) };
  const nodes: Node[] = [];
  const queue: Node[] = [{ parent: root, key: 'value', value: root['value'] }];
  while (queue.length > 0 && nodes.length < 500) {
    const node = queue.shift() as Node;
    nodes.push(node);
    if (typeof node.value !== 'object' || node.value === null) continue;
    for (const [name, inner] of Object.entries(node.value))
      queue.push({ parent: node.value as Record<string, unknown>, key: name, value: inner });
  }
  const chosen = nodes[at % nodes.length];
  if (chosen?.parent === undefined) return root['value'];
  const set = (target: object, name: string, replacement: unknown) =>
    Object.defineProperty(target, name, {
      value: replacement,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  if (how === 'replace') set(chosen.parent, chosen.key, value);
  if (how === 'delete') Reflect.deleteProperty(chosen.parent, chosen.key);
  if (how === 'wrap') set(chosen.parent, chosen.key, [chosen.value]);
  if (how === 'quote') set(chosen.parent, chosen.key, JSON.stringify(chosen.value) ?? '');
  if (how === 'add') {
    const target = typeof chosen.value === 'object' && chosen.value !== null ? chosen.value : chosen.parent;
    if (Array.isArray(target)) target.push(value);
    else set(target, key, value);
  }
  return root['value'];
}

type ByteEdit = { at: number; how: 'flip' | 'cut' | 'insert' | 'double' | 'end'; bytes: Uint8Array };

export const byteEdits: fc.Arbitrary<ByteEdit[]> = fc.array(
  fc.record({
    at: fc.nat(4_000),
    how: fc.constantFrom('flip', 'cut', 'insert', 'double', 'end'),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 8 }),
      fc.constantFrom(
        ...[
          '\r\n',
          '\r\n\r\n',
          '\0',
          '\n',
          ' ',
          ':',
          'Transfer-Encoding: chunked\r\n',
          'Content-Length: 5\r\n',
          '\ufeff',
        ].map((text) => new TextEncoder().encode(text)),
      ),
      fc.constantFrom(Uint8Array.of(0xff, 0xfe), Uint8Array.of(0xc0, 0x80), Uint8Array.of(0xed, 0xa0, 0x80)),
    ),
  }),
  { maxLength: 4 },
);

/** Bytes with some of them changed. */
export function editBytes(original: Buffer, changes: readonly ByteEdit[]): Buffer {
  return changes.reduce<Buffer>((bytes, { at, how, bytes: given }) => {
    const place = bytes.length === 0 ? 0 : at % bytes.length;
    const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
    if (how === 'cut') return Buffer.concat([before, after.subarray(given.length)]);
    if (how === 'insert') return Buffer.concat([before, given, after]);
    if (how === 'double') return Buffer.concat([bytes, after]);
    if (how === 'end') return Buffer.from(before);
    const flipped = Buffer.from(bytes);
    if (flipped.length > 0) flipped[place] = (flipped[place] ?? 0) ^ (given[0] ?? 1);
    return flipped;
  }, original);
}
