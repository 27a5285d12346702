import { connect } from 'node:net';
import fc from 'fast-check';
import { faultOf, type Reply } from './judge.ts';
import { PATIENCE_MS, type Kind } from './kind.ts';
import { shown } from './requests.ts';
import type { Credentials, Target } from './stand.ts';
import { byteEdits, editBytes } from './values.ts';

/** What a client does once it has sent everything. */
type Ending = 'half-close' | 'reset' | 'close';

export interface RawInput {
  parts: Buffer[];
  ending: Ending;
}

const endings: fc.Arbitrary<Ending> = fc.constantFrom(
  'half-close',
  'half-close',
  'half-close',
  'reset',
  'close',
);

/** Bytes in up to three pieces, so that they do not always come at once. */
function inPieces(bytes: fc.Arbitrary<Buffer>): fc.Arbitrary<RawInput> {
  return fc
    .record({ bytes, cuts: fc.array(fc.nat(2_000), { maxLength: 2 }), ending: endings })
    .map(({ bytes: whole, cuts, ending }) => {
      const places = [0, ...cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b), whole.length];
      const parts = places
        .slice(1)
        .map((end, i) => whole.subarray(places[i], end))
        .filter((part) => part.length > 0);
      return { parts, ending };
    });
}

const lines = (...given: string[]) => `${given.join('\r\n')}\r\n\r\n`;
const HOST = 'Host: 127.0.0.1';

function httpTemplates({ shared, viewer }: Credentials): string[] {
  const snapshot = '{"timestamp":1700000000,"total_cpu_percent":1}';
  const ingest = [
    'POST /ingest/metrics HTTP/1.1',
    HOST,
    `X-Agent-Token: ${shared}`,
    'Content-Type: application/json',
  ];
  const read = lines('GET /api/metrics/recent?agent=a HTTP/1.1', HOST, `Authorization: Bearer ${viewer}`);
  const whole = lines(...ingest, `Content-Length: ${snapshot.length}`) + snapshot;
  return [
    whole,
    read,
    whole + whole + read,
    lines(...ingest, 'Transfer-Encoding: chunked') +
      `${snapshot.length.toString(16)}\r\n${snapshot}\r\n0\r\n\r\n`,
    `${lines(...ingest, 'Transfer-Encoding: chunked', 'Content-Length: 5')}5\r\n{"a":\r\n0\r\n\r\n`,
    `${lines(...ingest, 'Transfer-Encoding: gzip, chunked')}0\r\n\r\n`,
    `${lines(...ingest, 'Content-Length: 100')}{"timestamp"`,
    lines(...ingest, 'Content-Length: 99999999999999999999'),
    lines(...ingest, 'Content-Length: -1'),
    lines(...ingest, 'Expect: 100-continue', 'Content-Length: 5'),
    lines('GET / HTTP/1.1'),
    lines('GET / HTTP/1.0'),
    lines('GET / HTTP/0.9'),
    lines('GET / HTTP/2.0', HOST),
    lines('GET http://evil.example/health HTTP/1.1', HOST),
    lines('GET / HTTP/1.1', HOST, HOST),
    lines('CONNECT evil.example:80 HTTP/1.1', HOST),
    lines('GET /health HTTP/1.1', HOST, `X: ${'a'.repeat(20_000)}`),
    lines('GET /health HTTP/1.1', HOST, ...Array.from({ length: 2_100 }, (_, i) => `X${i}: a`)),
    lines('GET /health HTTP/1.1', HOST, 'X: a', ' folded'),
    lines('GET /health HTTP/1.1', HOST, 'X-Request-Id: a\rb', 'Cookie: \x80\xff'),
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    '\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n',
    lines('OPTIONS * HTTP/1.1', HOST),
    lines('GET /health?%00%ff HTTP/1.1', HOST, 'Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings'),
  ];
}

function handshake(path: string, { viewer }: Credentials, ...more: string[]): string {
  return lines(
    `GET ${path} HTTP/1.1`,
    HOST,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    `Authorization: Bearer ${viewer}`,
    ...more,
  );
}

const SOCKET_PATHS = ['/ws/metrics', '/socket.io/?EIO=4&transport=websocket'];

function handshakeTemplates(credentials: Credentials): string[] {
  const paths = [
    ...SOCKET_PATHS,
    '/socket.io/?EIO=3&transport=websocket',
    '/socket.io/?EIO=4&transport=polling',
    '/socket.io/?EIO=4&transport=websocket&sid=x',
    '/socket.io/?transport=__proto__',
    '/socket.io/',
    '/socket.io',
    '/ws/metrics/',
    '/ws',
    '/',
    'http://x/ws/metrics',
    '//ws/metrics',
    '/socket.io/../ws/metrics',
    '/%',
  ];
  return paths.flatMap((path) => [
    handshake(path, credentials),
    handshake(path, credentials, 'Origin: https://evil.example'),
    handshake(path, credentials, 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'),
    handshake(path, credentials, 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99;;'),
    handshake(path, credentials, 'Sec-WebSocket-Protocol: a, b, a, \u0001'),
    handshake(path, credentials).replace('Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 99'),
    handshake(path, credentials).replace('dGhlIHNhbXBsZSBub25jZQ==', 'short'),
    handshake(path, credentials).replace('GET', 'POST'),
    handshake(path, { ...credentials, viewer: 'wrong' }),
    handshake(path, credentials).replace('websocket', 'x'),
  ]);
}

/** A client's frame, with whatever is wrong about it. */
interface Frame {
  first: number;
  masked: boolean;
  length: 'right' | 'too long' | 'huge' | 'wide';
  payload: Buffer;
}

function encode({ first, masked, length, payload }: Frame): Buffer {
  const bit = masked ? 0x80 : 0;
  const head: number[] = [first];
  if (length === 'huge') head.push(bit | 127, 0x7f, 255, 255, 255, 255, 255, 255, 255);
  else if (length === 'wide')
    head.push(bit | 127, 0, 0, 0, 0, 0, 0, payload.length >> 8, payload.length & 255);
  else {
    const claimed = payload.length + (length === 'too long' ? 7 : 0);
    if (claimed < 126) head.push(bit | claimed);
    else head.push(bit | 126, (claimed >> 8) & 255, claimed & 255);
  }
  const mask = [1, 2, 3, 4];
  const body = masked ? Buffer.from(payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0))) : payload;
  return Buffer.concat([Buffer.from([...head, ...(masked ? mask : [])]), body]);
}

/** Engine.IO and Socket.IO packets, right and wrong. */
const PACKETS = [
  '40',
  '40{}',
  '40{"token":"wrong"}',
  '40{"token":7}',
  '40/other,',
  '40/__proto__,{}',
  '41',
  '1',
  '2',
  '3',
  '3probe',
  '5',
  '6',
  '9',
  '',
  '4',
  '42',
  '42[]',
  '42{}',
  '42[7]',
  '42[null]',
  '42["subscribe"]',
  '420["subscribe",{"agents":["web-01"]}]',
  '420["subscribe",{"agents":"*"}]',
  '421["unsubscribe",{"agents":["web-01"]}]',
  '420["subscribe",{"agents":[]}]',
  '420["subscribe",{"agents":["a b"]}]',
  '420["subscribe",null,null,null]',
  '42999999999999999999["subscribe",{"agents":"*"}]',
  '42["__proto__",1]',
  '42["constructor",{}]',
  '42["disconnect"]',
  '42["connect_error",{}]',
  '42["newListener"]',
  '42["snapshot",{}]',
  '430["x"]',
  '43',
  '44{"message":"x"}',
  '451-["subscribe",{"_placeholder":true,"num":0}]',
  '45999999-["x"]',
  '450-["x"]',
  '452-["subscribe",{"_placeholder":true,"num":5}]',
  '461-0[]',
  '4\u0000',
  'b4AAAA',
  '\u001e40\u001e40',
  `42["subscribe",{"agents":[${'"a",'.repeat(1_200)}"a"]}]`,
  `42["subscribe",${'['.repeat(5_000)}${']'.repeat(5_000)}]`,
  '42["subscribe",{"agents":{"length":1,"0":"a"}}]',
  '42["subscribe",{"__proto__":{"agents":"*"}}]',
];

const frames: fc.Arbitrary<Frame> = fc.record({
  first: fc.oneof(
    { arbitrary: fc.constantFrom(0x81, 0x81, 0x81, 0x82, 0x88, 0x89, 0x8a), weight: 8 },
    { arbitrary: fc.nat(255), weight: 1 },
  ),
  masked: fc.oneof(
    { arbitrary: fc.constant(true), weight: 20 },
    { arbitrary: fc.constant(false), weight: 1 },
  ),
  length: fc.oneof(
    { arbitrary: fc.constant('right' as const), weight: 20 },
    { arbitrary: fc.constantFrom('too long' as const, 'huge' as const, 'wide' as const), weight: 1 },
  ),
  payload: fc.oneof(
    { arbitrary: fc.constantFrom(...PACKETS).map((text) => Buffer.from(text)), weight: 40 },
    {
      arbitrary: fc
        .tuple(fc.constantFrom(...PACKETS), byteEdits)
        .map(([text, edits]) => editBytes(Buffer.from(text), edits)),
      weight: 20,
    },
    { arbitrary: fc.uint8Array({ maxLength: 130 }).map((given) => Buffer.from(given)), weight: 10 },
    {
      arbitrary: fc.constantFrom(16 * 1024 + 1, 60_000).map((length) => Buffer.alloc(length, 'x')),
      weight: 1,
    },
  ),
});

function rawKind(
  name: string,
  weight: number,
  inputs: fc.Arbitrary<RawInput>,
  judge: (replies: Reply[]) => string | undefined,
): Kind<RawInput> {
  return {
    name,
    weight,
    inputs,
    async send(input, target) {
      const { bytes, open } = await exchange(input, target);
      if (open) return `kept a connection for ${PATIENCE_MS / 1000} s whose client had ended it`;
      return judge(repliesIn(bytes));
    },
    show: ({ parts, ending }) => JSON.stringify({ parts: parts.map(shown), ending }),
  };
}

const everyDetail = (replies: Reply[]) =>
  replies
    .map((reply) => faultOf(reply, { hasBody: reply.body !== '' || reply.headers['content-length'] !== '0' }))
    .find((fault) => fault !== undefined);

/** What the WebSocket libraries refuse they answer in their own protocols' way. */
const noneFailed = (replies: Reply[]) =>
  replies.map((reply) => faultOf(reply, { hasBody: false })).find((fault) => fault !== undefined);

/** Bytes at the HTTP port that are hardly HTTP any more. */
export function bytes(credentials: Credentials): Kind<RawInput> {
  const templates = fc.constantFrom(...httpTemplates(credentials)).map((text) => Buffer.from(text, 'latin1'));
  const inputs = fc.oneof(
    { arbitrary: templates, weight: 1 },
    { arbitrary: fc.tuple(templates, byteEdits).map(([text, edits]) => editBytes(text, edits)), weight: 8 },
    { arbitrary: fc.uint8Array({ maxLength: 300 }).map((given) => Buffer.from(given)), weight: 1 },
  );
  return rawKind('bytes', 12, inPieces(inputs), everyDetail);
}

/** Handshakes of both sockets, and what begins like one. */
export function handshakes(credentials: Credentials): Kind<RawInput> {
  const templates = fc
    .constantFrom(...handshakeTemplates(credentials))
    .map((text) => Buffer.from(text, 'latin1'));
  const inputs = fc.oneof(
    { arbitrary: templates, weight: 2 },
    { arbitrary: fc.tuple(templates, byteEdits).map(([text, edits]) => editBytes(text, edits)), weight: 3 },
  );
  return rawKind('handshakes', 6, inPieces(inputs), noneFailed);
}

/** A handshake that is right, and then frames that are not. */
export function framesAfterHandshake(credentials: Credentials): Kind<RawInput> {
  const inputs = fc
    .tuple(
      fc.constantFrom(...SOCKET_PATHS),
      fc.array(frames, { minLength: 1, maxLength: 8 }),
      fc.oneof({ arbitrary: fc.constant([]), weight: 3 }, { arbitrary: byteEdits, weight: 1 }),
    )
    .map(([path, sent, edits]) => {
      // A client of Socket.IO says hello first, for the most part.
      const hello =
        path.startsWith('/socket.io') && sent.length % 4 !== 0
          ? [encode({ first: 0x81, masked: true, length: 'right', payload: Buffer.from('40') })]
          : [];
      return Buffer.concat([
        Buffer.from(handshake(path, credentials)),
        editBytes(Buffer.concat([...hello, ...sent.map(encode)]), edits),
      ]);
    });
  return rawKind('frames', 12, inPieces(inputs), noneFailed);
}

/** Sends the parts and ends the connection in the given way; resolves when the other side has ended it too. */
function exchange({ parts, ending }: RawInput, { port }: Target): Promise<{ bytes: Buffer; open: boolean }> {
  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let open = false;
    let connected = false;
    const impatience = setTimeout(() => {
      open = true;
      socket.destroy();
    }, PATIENCE_MS);
    socket.setNoDelay();
    socket.on('data', (chunk) => received.push(chunk));
    socket.on('end', () => socket.end());
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // The service may hang up on such a client at any time, but it must be there.
      if (!connected) reject(error);
    });
    socket.on('close', () => {
      clearTimeout(impatience);
      resolve({ bytes: Buffer.concat(received), open });
    });
    socket.once('connect', () => {
      connected = true;
      void sendParts();
    });
    async function sendParts(): Promise<void> {
      for (const [i, part] of parts.entries()) {
        if (i > 0) await new Promise((next) => setImmediate(next));
        if (socket.destroyed || !socket.writable) return;
        socket.write(part);
      }
      if (ending === 'half-close') socket.end();
      if (ending === 'close') socket.destroySoon();
      if (ending === 'reset') socket.resetAndDestroy();
    }
  });
}

/** The HTTP answers at the front of what came back; frames of a WebSocket are none. */
function repliesIn(received: Buffer): Reply[] {
  const replies: Reply[] = [];
  let rest = received.toString('latin1');
  for (;;) {
    const [head, status = ''] = /^HTTP\/1\.[01] (\d{3})[^]*?\r\n\r\n/.exec(rest) ?? [];
    if (head === undefined) return replies;
    const headers = Object.fromEntries(
      [...head.matchAll(/^([^:\r\n]+):[ \t]*([^\r\n]*)/gm)].map(([, name = '', value = '']) => [
        name.toLowerCase(),
        value,
      ]),
    );
    rest = rest.slice(head.length);
    const length = Number(headers['content-length'] ?? 0);
    // An answer to HEAD tells a length and has no body.
    const body = rest.startsWith('HTTP/1.') ? '' : rest.slice(0, length);
    rest = rest.slice(body.length);
    if (Number(status) >= 200) replies.push({ status: Number(status), headers, body });
    if (headers['transfer-encoding'] !== undefined) return replies;
  }
}
