import { describe, expect, test } from '@jest/globals';
import { createLogger, withoutCredentials, type Logger } from '../../../../core/platform/logger.ts';

const CANARY = 'c4n4ry-s3cr3t';

/** A logger with the lines it wrote. */
function capture(level = 'trace'): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const log = createLogger({ level, name: 'test', destination: { write: (line) => void lines.push(line) } });
  return { log, lines };
}

/** The one line that something logs. */
function lineOf(write: (log: Logger) => void): string {
  const { log, lines } = capture();
  write(log);
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
}

test('a line is JSON with the name of the process, the message and the fields', () => {
  const line = lineOf((log) => log.info({ port: 8000 }, 'listening'));
  expect(JSON.parse(line)).toMatchObject({ name: 'test', port: 8000, msg: 'listening' });
});

test('what is below the level is not written', () => {
  const { log, lines } = capture('warn');
  log.info('quiet');
  log.warn('loud');
  expect(lines).toHaveLength(1);
});

test('text of a caller cannot begin a line of its own', () => {
  const line = lineOf((log) => log.info({ path: '/a\n{"level":60}' }, 'b\r\n{"level":60}'));
  expect(line.trimEnd()).not.toMatch(/[\r\n]/);
});

describe('a canary secret is in no line', () => {
  const url = `redis://:${CANARY}@redis.example:6379/0`;
  const dsn = `postgresql://topline:${CANARY}@db.example/metrics`;

  test.each<[string, (log: Logger) => void]>([
    ['a bearer token', (log) => log.info({ headers: { authorization: `Bearer ${CANARY}` } }, 'request')],
    [
      'a bearer token of a request',
      (log) => log.info({ req: { headers: { authorization: CANARY } } }, 'request'),
    ],
    ['a cookie', (log) => log.info({ headers: { cookie: `topline_session=${CANARY}` } }, 'request')],
    ['an agent token', (log) => log.info({ headers: { 'x-agent-token': CANARY } }, 'request')],
    ['a cookie that is set', (log) => log.info({ res: { headers: { 'set-cookie': [CANARY] } } }, 'request')],
    ['a token', (log) => log.info({ token: CANARY }, 'sign-in')],
    ['a token within', (log) => log.info({ body: { token: CANARY } }, 'sign-in')],
    ['a token of a child logger', (log) => log.child({ token: CANARY }).info('sign-in')],
    ['a DSN', (log) => log.info({ dsn }, 'connecting')],
    ['a DSN within', (log) => log.info({ config: { postgres: { dsn } } }, 'connecting')],
    ['a password', (log) => log.info({ connection: { password: CANARY } }, 'connecting')],
    ['a URL in the message', (log) => log.warn(`cannot reach ${url}`)],
    ['a URL put into the message', (log) => log.warn('cannot reach %s', url)],
    [
      'a URL in a field',
      (log) => log.warn({ reason: `getaddrinfo ENOTFOUND ${url}` }, 'Redis is out of reach'),
    ],
    [
      'a URL in a field of a child logger',
      (log) => log.child({ reason: `cannot reach ${url}` }).warn('away'),
    ],
    ['a URL in an error', (log) => log.error({ err: new Error(`connect ECONNREFUSED ${url}`) }, 'failed')],
    ['an error that is the whole line', (log) => log.error(new Error(`connect ECONNREFUSED ${url}`))],
    [
      'the cause of an error',
      (log) => log.error({ err: new Error('failed', { cause: new Error(dsn) }) }, 'failed'),
    ],
    [
      'a property of an error',
      (log) => log.error({ err: Object.assign(new Error('Invalid URL'), { input: dsn }) }, 'failed'),
    ],
    ['one of several failures', (log) => log.error({ err: new AggregateError([new Error(dsn)]) }, 'failed')],
  ])('%s', (_, write) => {
    expect(lineOf(write)).not.toContain(CANARY);
  });

  test('while the rest of the URL, which helps to find the fault, stays', () => {
    expect(lineOf((log) => log.warn(`cannot reach ${url}`))).toContain('redis.example:6379/0');
    expect(lineOf((log) => log.warn(`cannot reach ${dsn}`))).toContain('db.example/metrics');
  });
});

describe('taking the credentials out of a text', () => {
  test.each([
    ['redis://:secret@host:6379', 'redis://[redacted]@host:6379'],
    ['rediss://user:secret@host/0', 'rediss://[redacted]@host/0'],
    [
      'postgresql://u:secret@h/d and redis://:secret@h',
      'postgresql://[redacted]@h/d and redis://[redacted]@h',
    ],
    ['POSTGRESQL://u:secret@h/d', 'POSTGRESQL://[redacted]@h/d'],
  ])('%s', (text, expected) => {
    expect(withoutCredentials(text)).toBe(expected);
  });

  test('a password with an @ in it is taken out to its end', () => {
    expect(withoutCredentials(`redis://:half@${CANARY}@host:6379`)).not.toContain(CANARY);
  });

  test.each([
    'http://localhost:8000/board',
    'connect ECONNREFUSED 127.0.0.1:6379',
    'file:///app/node_modules/@koa/router/index.js:1:2',
    'mail of ops@example.org',
    'see http://localhost:8000 or ask ops@example.org',
  ])('what holds none stays as it is: %s', (text) => {
    expect(withoutCredentials(text)).toBe(text);
  });
});

test('an error with addresses in its properties is logged whole', () => {
  const err = Object.assign(new Error('refused'), {
    url: 'http://localhost:8000',
    owners: ['ops@example.org'],
  });
  const line = lineOf((log) => log.error({ err }, 'failed'));
  expect(JSON.parse(line)).toMatchObject({
    err: { message: 'refused', url: 'http://localhost:8000', owners: ['ops@example.org'] },
  });
});
