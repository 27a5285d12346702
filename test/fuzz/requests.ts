import { Agent, request } from 'node:http';
import fc from 'fast-check';
import { batchAcceptedSchema, snapshotSchema } from '../../core/contracts/snapshot.ts';
import {
  batchOf,
  contractFault,
  contractFaultOf,
  faultOf,
  isOfPathStep,
  isSnapshot,
  isTakable,
  isTakableBatch,
  type Reply,
} from './judge.ts';
import { PATIENCE_MS, type Kind } from './kind.ts';
import { OWN_AGENT, type Credentials, type Target } from './stand.ts';
import { byteEdits, editBytes, jsonOf, valuesOf, type JsonSchema } from './values.ts';

/** As much of an OpenAPI document as it takes to make requests. */
export interface ApiDocument {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, JsonSchema> };
}

interface Operation {
  parameters?: { name: string; in: string; schema: JsonSchema }[];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
}

export interface RequestInput {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
}

/** What the document does not describe, and a few places that are nowhere. */
const OTHER_PATHS = [
  '/',
  '/docs',
  '/docs/start.js',
  '/hosts/web-01',
  '/assets/%2e%2e/index.html',
  '/board',
  '/board/api/queues',
  '/board/api/redis/stats',
  '/board/api/queues/timeline/x',
  '/board/api/job-schedulers',
  '/board/queue/persist',
  '/nothing',
  '//',
  '/%2e%2e/',
  '/%ff',
  '/%00',
  '/ws/metrics',
  '/api/metrics/recent/',
  '/INGEST/metrics',
  '/?',
  '/;/',
  '/ingest/metrics%20',
];

const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'SEARCH',
  'M-SEARCH',
  'QUERY',
].filter((method) => method !== 'QUERY');

/** What Node lets a client send in a header. */
const headerText = fc.string({
  unit: fc.constantFrom(...Array.from('abcXYZ019 -_.:;,=/\\"\'()<>[]{}@?*&%$#!~^|`+\t\u00e4\u00ff')),
  maxLength: 60,
});

const anyOf = (...values: string[]) =>
  fc.oneof({ arbitrary: fc.constantFrom(...values), weight: 3 }, { arbitrary: headerText, weight: 1 });

/** Headers that the service looks at, right for the most part. */
function headersFor({ shared, own, viewer, operator }: Credentials): fc.Arbitrary<Record<string, string>> {
  return fc.record(
    {
      'x-agent-token': fc.oneof(
        { arbitrary: fc.constant(shared), weight: 8 },
        { arbitrary: anyOf(own, 'wrong', `${own}x`, ''), weight: 2 },
      ),
      'content-type': fc.oneof(
        { arbitrary: fc.constant('application/json'), weight: 12 },
        {
          arbitrary: anyOf(
            'application/json; charset=utf-8',
            'application/json;charset=utf-16',
            'text/plain',
            'application/problem+json',
            'multipart/form-data; boundary=x',
            '',
          ),
          weight: 1,
        },
      ),
      authorization: anyOf(`Bearer ${viewer}`, `Bearer ${operator}`, 'Bearer wrong', 'Bearer', 'Basic eDp5'),
      cookie: anyOf(
        'topline_session=operator.9999999999.x',
        'topline_session=',
        'a=b; topline_session=viewer..',
        `topline_session=${'x'.repeat(3000)}`,
      ),
      'x-agent-id': anyOf('web-01', OWN_AGENT, '__proto__', 'constructor', 'x'.repeat(129), '..', 'ä'),
      'x-forwarded-for': anyOf(
        '198.51.100.7',
        '127.0.0.1',
        '::1',
        'fe80::1%eth0',
        '::ffff:10.0.0.1',
        'unknown',
        ', ,',
        '1.2.3.4, 5.6.7.8',
        '203.0.113.9:51234',
        '[2001:db8::1]:443',
      ),
      forwarded: anyOf('for=1.2.3.4', 'for="[::1]:1";proto=https', 'for=_x, for=unknown', 'for="', ';;'),
      host: anyOf('example.org:443', 'LOCALHOST.', 'a@b', '[::1', ''),
      'x-request-id': anyOf('abc', 'x'.repeat(200), '${jndi:ldap://x}'),
      origin: anyOf('https://dash.example', 'https://evil.example', 'null', 'http://127.0.0.1'),
      accept: anyOf('application/problem+json', 'application/json', '*/*', 'text/html', 'q=;;', '*/*;q=x'),
      'content-encoding': fc.oneof(
        { arbitrary: fc.constant('identity'), weight: 9 },
        { arbitrary: anyOf('gzip', 'br', 'gzip, gzip'), weight: 1 },
      ),
      expect: fc.constantFrom('100-continue', '200-ok'),
      'if-none-match': anyOf('*', 'W/"x"'),
      'if-modified-since': anyOf('Thu, 01 Jan 1970 00:00:00 GMT'),
      range: anyOf('bytes=0-1', 'bytes=-1', 'x'),
      'accept-encoding': anyOf('gzip', 'br', 'identity;q=0'),
      'x-forwarded-proto': anyOf('https', 'http'),
      'x-http-method-override': anyOf('DELETE'),
    },
    { requiredKeys: [] },
  );
}

const queryText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '1',
    '0',
    '-1',
    '1441',
    '1e2',
    'NaN',
    '9'.repeat(40),
    '__proto__',
    '*',
    'web-01',
    ' ',
    '%',
    'a'.repeat(2000),
  ),
);

/** None that reports: what the operator forgets would be missing from the account at the end. */
const agentInPath = fc.constantFrom('nobody', '{id}', '%00', '%', 'a'.repeat(200));

/** Requests to every route of the document and to what lies beside, with little or much wrong. */
export function requestInputs(document: ApiDocument, credentials: Credentials): fc.Arbitrary<RequestInput> {
  const { schemas } = document.components;
  const headers = headersFor(credentials);
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      operation,
    })),
  );
  const requests = described
    .flatMap((operation) => {
      const lines = operation.operation.requestBody?.content['application/x-ndjson'];
      return lines === undefined
        ? [{ ...operation, isLines: false }]
        : [false, true].map((isLines) => ({ ...operation, isLines }));
    })
    .map(({ path, method, operation, isLines }) => {
      const type = isLines ? 'application/x-ndjson' : 'application/json';
      const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query');
      const known = fc.record(
        Object.fromEntries(
          parameters.map(({ name, schema }) => [
            name,
            fc.oneof(valuesOf(schema, schemas).map(String), queryText),
          ]),
        ),
        { requiredKeys: [] },
      );
      const query = fc
        .tuple(known, fc.array(fc.tuple(queryText, queryText), { maxLength: 2 }))
        .map(([named, others]) => queryOf([...Object.entries(named), ...others]));
      const schema = operation.requestBody?.content['application/json']?.schema;
      const body =
        schema === undefined
          ? fc
              .option(bytes, { nil: undefined, freq: 1 })
              .filter((given) => given === undefined || given.length < 200)
          : isLines
            ? linesOf(itemsOf(schema, schemas), schemas)
            : bodies(valuesOf(schema, schemas));
      const tokens =
        method === 'POST' && path.startsWith('/ingest') ? { 'x-agent-token': credentials.shared } : {};
      return {
        // Snapshots are what most requests bring.
        weight: Object.keys(tokens).length > 0 ? described.length : 1,
        arbitrary: fc.record({
          method: fc.constant(method),
          path: fc.tuple(agentInPath, query).map(([id, text]) => path.replace('{id}', id) + text),
          headers: fc.oneof(
            {
              arbitrary: fc.constant({ 'content-type': type, ...tokens }),
              weight: 1,
            },
            {
              arbitrary: headers.map((given): Record<string, string> =>
                isLines ? { ...tokens, ...given, 'content-type': type } : { ...tokens, ...given },
              ),
              weight: 2,
            },
          ),
          body,
        }),
      };
    });
  const elsewhere = fc.record({
    method: fc.constantFrom(...METHODS),
    path: fc
      .tuple(
        fc.oneof(
          fc.constantFrom(...OTHER_PATHS, ...Object.keys(document.paths)),
          queryText.map((text) => `/${safely(text)}`),
          fc.webPath().map((text) => `/${text}`),
        ),
        fc.oneof(
          fc.constant(''),
          queryText.map((text) => `?${safely(text)}=1`),
        ),
      )
      .map(([path, query]) => path + query),
    headers,
    body: fc.option(bytes, { nil: undefined }),
  });
  return fc
    .oneof(...requests, { arbitrary: elsewhere, weight: Math.ceil(described.length / 2) })
    .map(harmless);
}

/** The schema of what an array holds. */
function itemsOf(schema: JsonSchema, components: Record<string, JsonSchema>): JsonSchema {
  if (schema.$ref !== undefined)
    return itemsOf(components[schema.$ref.split('/').at(-1) ?? ''] ?? {}, components);
  return schema.items ?? {};
}

/** Values a line each, with the ends of lines that there are and some that there are not. */
function linesOf(schema: JsonSchema, components: Record<string, JsonSchema>): fc.Arbitrary<Buffer> {
  const ends = fc.constantFrom('\n', '\n', '\n', '\r\n', '\n\n', '\r', '\u2028', '');
  const lines = fc.array(fc.tuple(jsonOf(valuesOf(schema, components)), ends), { maxLength: 6 });
  const texts = lines.map((given) => Buffer.from(given.map(([text, end]) => text + end).join('')));
  return fc.oneof(
    { arbitrary: texts, weight: 60 },
    { arbitrary: fc.tuple(texts, byteEdits).map(([text, edits]) => editBytes(text, edits)), weight: 30 },
    {
      arbitrary: fc
        .constantFrom('\n'.repeat(100_000), '0\n'.repeat(1_001), '{}\n'.repeat(1_000))
        .map((text) => Buffer.from(text)),
      weight: 1,
    },
  );
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((given) => Buffer.from(given));

function bodies(values: fc.Arbitrary<unknown>): fc.Arbitrary<Buffer> {
  const texts = jsonOf(values).map((text) => Buffer.from(text));
  return fc.oneof(
    { arbitrary: texts, weight: 60 },
    { arbitrary: fc.tuple(texts, byteEdits).map(([text, edits]) => editBytes(text, edits)), weight: 30 },
    { arbitrary: bytes, weight: 10 },
    {
      arbitrary: fc
        .constantFrom(64 * 1024, 64 * 1024 + 1, 300_000)
        .map((length) => Buffer.from(`{"a":"${'x'.repeat(length - 8)}"}`)),
      weight: 1,
    },
  );
}

function queryOf(pairs: (readonly [string, unknown])[]): string {
  return pairs.length === 0
    ? ''
    : `?${pairs.map(([name, value]) => `${safely(name)}=${safely(String(value))}`).join('&')}`;
}

/** As it may stand in a request's first line: Node's client refuses the rest, which the raw bytes are for. */
function safely(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** An operator may pause queues and delete jobs, and would: acts on the board are tried by everybody else. */
function harmless(input: RequestInput): RequestInput {
  if (!/^\/+board/i.test(decodeSafely(input.path)) || ['GET', 'HEAD'].includes(input.method)) return input;
  const { authorization: _, ...headers } = input.headers;
  return { ...input, headers };
}

function decodeSafely(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

export function requests(document: ApiDocument, credentials: Credentials): Kind<RequestInput> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  return {
    name: 'requests',
    weight: 70,
    inputs: requestInputs(document, credentials),
    async send(input, target) {
      const reply = await exchange(input, target, agent).catch(
        (error: NodeJS.ErrnoException & { reused?: boolean }) => {
          // An idle connection may be closed just when it is used again.
          if (error.reused !== true || !['ECONNRESET', 'EPIPE'].includes(error.code ?? '')) throw error;
          return exchange(input, target, new Agent());
        },
      );
      // The board's own pages read its own errors.
      const isOurs = !decodeSafely(input.path).startsWith('/board/');
      const fault = faultOf(reply, { hasBody: isOurs && input.method !== 'HEAD' });
      if (fault !== undefined) return fault;
      if (reply.headers['x-request-id'] === undefined) return `answered ${reply.status} without X-Request-Id`;
      if (input.method === 'POST' && input.path.split('?')[0] === '/ingest/metrics')
        return snapshotFault(input, reply, credentials);
      if (input.method === 'POST' && input.path.split('?')[0] === '/ingest/metrics/batch')
        return batchFault(input, reply, credentials);
      return undefined;
    },
    show: ({ method, path, headers, body }) =>
      JSON.stringify({ method, path, headers, body: body === undefined ? undefined : shown(body) }),
  };
}

/** What is taken must be a snapshot, and a snapshot must be taken. */
function snapshotFault(
  { headers, body = Buffer.alloc(0) }: RequestInput,
  { status, body: answer }: Reply,
  { shared }: Credentials,
): string | undefined {
  if (status === 200) {
    if (!isSnapshot(body)) return 'took what the schema does not allow';
    const { timestamp } = JSON.parse(body.toString('utf8')) as { timestamp: number };
    if (answer !== JSON.stringify({ status: 'accepted', timestamp })) return `answered ${answer}`;
    return contractFault(body);
  }
  const plain =
    Object.keys(headers).every((name) => ['content-type', 'x-agent-token'].includes(name)) &&
    headers['x-agent-token'] === shared &&
    (headers['content-type'] ?? 'application/json') === 'application/json';
  if (plain && body.length <= 64 * 1024 && isSnapshot(body) && !isOfPathStep(body))
    return `refused a snapshot with ${status}: ${answer}`;
  return undefined;
}

const DAY_SECONDS = 86_400;

/** Whether some store may not keep it. */
function isOld(value: unknown): boolean {
  const { data } = snapshotSchema.safeParse(value);
  return data !== undefined && data.timestamp < Date.now() / 1000 - DAY_SECONDS;
}

/** What is taken must be snapshots, all of them, and snapshots must be taken. */
function batchFault(
  { headers, body = Buffer.alloc(0) }: RequestInput,
  { status, body: answer }: Reply,
  { shared }: Credentials,
): string | undefined {
  const type = headers['content-type'] ?? 'application/json';
  const values = batchOf(body, type.includes('ndjson'));
  if (status === 200) {
    if (values?.every(isTakable) !== true) return 'took what the schema does not allow';
    const { expired, ...told } = batchAcceptedSchema.strict().parse(JSON.parse(answer));
    if (told.snapshots !== values.length || (expired ?? 0) > values.filter(isOld).length)
      return `answered ${answer}`;
    return values.map(contractFaultOf).find((fault) => fault !== undefined);
  }
  const plain =
    Object.keys(headers).every((name) => ['content-type', 'x-agent-token'].includes(name)) &&
    headers['x-agent-token'] === shared &&
    ['application/json', 'application/x-ndjson'].includes(type);
  if (plain && body.length <= 2 * 1024 * 1024 && values !== undefined && isTakableBatch(values))
    return `refused a batch with ${status}: ${answer}`;
  return undefined;
}

function exchange(
  { method, path, headers, body }: RequestInput,
  { port }: Target,
  agent: Agent,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        headers: body === undefined ? headers : { ...headers, 'content-length': body.length },
        agent,
      },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text }),
        );
        incoming.on('error', reject);
      },
    );
    outgoing.setTimeout(PATIENCE_MS, () =>
      outgoing.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)),
    );
    outgoing.on('error', (error) => reject(Object.assign(error, { reused: outgoing.reusedSocket })));
    outgoing.end(body);
  });
}

/** Bytes as a person can read and a program can parse them. */
export function shown(given: Buffer): string {
  return given.toString('latin1');
}
