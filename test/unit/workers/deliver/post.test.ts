import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createConnections, type Connections } from '../../../../workers/deliver/filteredAgents.ts';
import { sendMail } from '../../../../workers/deliver/mail.ts';
import { outcomeOfAnswer } from '../../../../workers/deliver/outcome.ts';
import { post } from '../../../../workers/deliver/post.ts';
import { GIVE_UP_AFTER_MS, retryDelayMs } from '../../../../workers/deliver/retry.ts';
import {
  discordRetryAfterMs,
  retryAfterMs,
  telegramRetryAfterMs,
} from '../../../../workers/deliver/retryAfter.ts';
import { send } from '../../../../workers/deliver/send.ts';
import { notice } from '../../../support/alerts.ts';
import { startReceiver, type Answer, type Receiver } from '../../../support/receiver.ts';

let open: { close(): unknown }[] = [];
beforeEach(() => void (open = []));
afterEach(async () => {
  for (const one of open) await one.close();
});

function connections(allowed: string[]): Connections {
  const made = createConnections(allowed);
  open.push(made);
  return made;
}

async function receiver(answer: Answer): Promise<Receiver> {
  const made = await startReceiver(() => answer);
  open.push(made);
  return made;
}

const message = (url: string) => ({ url, headers: {}, body: '{}' });

describe('where nothing may be sent', () => {
  test.each([
    '127.0.0.1',
    'localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '[fe80::1]',
    '[fd00::1]',
    '0.0.0.0',
    '2130706433',
    '0x7f.1',
    '100.64.0.1',
  ])('%s is refused, and the setting named that allows it', async (host) => {
    const outcome = await post(message(`http://${host}:9/`), connections([]));
    expect(outcome).toMatchObject({ result: 'failed', status: null });
    expect('detail' in outcome && outcome.detail).toMatch(/ALERT_ALLOWED_HOSTS/);
  });

  test('https and mail are refused likewise', async () => {
    expect(await post(message('https://127.0.0.1:9/'), connections([]))).toMatchObject({ result: 'failed' });
    const target = {
      kind: 'email',
      host: 'localhost',
      port: 25,
      secure: false,
      from: 'a@b.c',
      to: ['a@b.c'],
    } as const;
    const mail = { messageId: '<1@b.c>', subject: '', text: '', html: '', headers: {} };
    const outcome = await sendMail({ ...target, to: [...target.to] }, mail, connections([]));
    expect(outcome).toMatchObject({ result: 'failed', detail: expect.stringMatching(/ALERT_ALLOWED_HOSTS/) });
  });

  test.each([['localhost'], ['127.0.0.1', '::1'], ['127.0.0.0/8', '::1/128']])(
    'what %s allows is reached',
    async (...allowed) => {
      const { url } = await receiver({ status: 204 });
      const named = url.replace('127.0.0.1', allowed[0] === 'localhost' ? 'localhost' : '127.0.0.1');
      expect(await post(message(named), connections(allowed))).toEqual({ result: 'delivered', status: 204 });
    },
  );

  test('a redirect is not followed', async () => {
    const inside = await receiver({ status: 200 });
    const { url } = await receiver({ status: 307, headers: { location: inside.url } });
    expect(await post(message(url), connections(['127.0.0.1']))).toEqual({
      result: 'failed',
      status: 307,
      detail: '307: it redirects, which is not followed',
    });
    expect(inside.received).toEqual([]);
  });
});

test('a receiver that is not there, or never answers, is worth another attempt', async () => {
  expect(await post(message('http://127.0.0.1:9/'), connections(['127.0.0.1']))).toMatchObject({
    result: 'again',
    status: null,
  });
  const { url } = await receiver({});
  expect(await post(message(url), connections(['127.0.0.1']))).toEqual({
    result: 'again',
    status: null,
    detail: 'no answer within 8 s',
  });
});

test('of an answer only its beginning is kept, and no control character', async () => {
  const { url } = await receiver({ status: 400, body: `bad\u0000\r\n${'x'.repeat(1_000_000)}` });
  const outcome = await post(message(url), connections(['127.0.0.1']));
  const detail = 'detail' in outcome ? outcome.detail : '';
  expect(detail).toMatch(/^400: bad x+$/);
  expect(detail.length).toBeLessThan(250);
});

test('what the channel keeps secret is taken out of what the receiver says', async () => {
  const { url } = await receiver({ status: 404, body: 'no bot 123:abc here' });
  const outcome = await send(
    {
      id: 'tg',
      name: 'tg',
      target: { kind: 'telegram', bot_token: '123:abc', chat_id: '1', api_url: url },
    },
    { id: '0'.repeat(32), notice: notice(), nowMs: 0, publicUrl: undefined },
    connections(['127.0.0.1']),
  );
  expect(outcome).toEqual({ result: 'failed', status: 404, detail: '404: no bot *** here' });
});

test.each([
  [200, 'delivered'],
  [202, 'delivered'],
  [301, 'failed'],
  [400, 'failed'],
  [401, 'failed'],
  [404, 'failed'],
  [408, 'again'],
  [410, 'failed'],
  [429, 'again'],
  [500, 'again'],
  [503, 'again'],
])('an answer of %i means %s', (status, result) => {
  expect(outcomeOfAnswer(status, '', undefined).result).toBe(result);
});

const NOW = Date.parse('2026-11-25T03:00:00Z');

test.each([
  ['120', 120_000],
  ['2.5', 2_500],
  ['30.5', 30_500],
  [' 0 ', 0],
  ['43200', 3_600_000],
  ['9'.repeat(400), 3_600_000],
  ['Wed, 25 Nov 2026 03:00:30 GMT', 30_000],
  ['Wednesday, 25-Nov-26 03:00:30 GMT', 30_000],
  ['Wed Nov 25 03:00:30 2026', 30_000],
  ['Wed, 25 Nov 2026 02:00:00 GMT', 0],
  ['Thu, 26 Nov 2026 03:00:00 GMT', 3_600_000],
  ['soon', undefined],
  ['in 5', undefined],
  ['-5', undefined],
  ['1e3', undefined],
  ['', undefined],
])('Retry-After: %s is %p ms', (value, ms) => {
  expect(retryAfterMs({ headers: { 'retry-after': value } }, NOW)).toBe(ms);
});

test('a date is by the clock of the receiver, which its answer tells', () => {
  const headers = { 'retry-after': 'Wed, 25 Nov 2026 05:00:30 GMT', date: 'Wed, 25 Nov 2026 05:00:00 GMT' };
  expect(retryAfterMs({ headers }, NOW)).toBe(30_000);
  expect(retryAfterMs({ headers: {} }, NOW)).toBeUndefined();
});

test('Discord says it in seconds by a header of its own, and in milliseconds in the body of its old versions', () => {
  const ms = (path: string, headers: Record<string, string>, said: object | string) =>
    discordRetryAfterMs(
      `https://discord.com/api/${path}webhooks/1/x`,
      { headers, body: typeof said === 'string' ? said : JSON.stringify(said) },
      NOW,
    );
  const old = { 'retry-after': '43200' };
  expect(ms('', { ...old, 'x-ratelimit-reset-after': '43.2' }, { retry_after: 43_200 })).toBe(43_200);
  expect(ms('', old, { retry_after: 43_200 })).toBe(43_200);
  expect(ms('', { 'retry-after': '44' }, { retry_after: 43.2 })).toBe(43_200);
  expect(ms('v10/', { 'retry-after': '5' }, { retry_after: 5 })).toBe(5_000);
  expect(ms('v10/', {}, { retry_after: 1e9 })).toBe(3_600_000);
  expect(ms('', { 'retry-after': '7' }, '<html>')).toBe(7_000);
  expect(ms('', {}, { retry_after: 'x' })).toBeUndefined();
});

test('Telegram says it in the body', () => {
  const body = JSON.stringify({ ok: false, parameters: { retry_after: 35 } });
  expect(telegramRetryAfterMs({ headers: {}, body }, NOW)).toBe(35_000);
  expect(telegramRetryAfterMs({ headers: { 'retry-after': '2.5' }, body: '[]' }, NOW)).toBe(2_500);
});

test('an answer that asks to be left alone is worth another attempt, and says for how long', () => {
  expect(outcomeOfAnswer(429, 'slow down', 7_000)).toEqual({
    result: 'again',
    status: 429,
    detail: '429: slow down',
    retryAfterMs: 7_000,
  });
});

describe('an answer whose body does not end', () => {
  test.each([
    [200, undefined, { result: 'delivered', status: 200 }],
    [200, 'cut', { result: 'delivered', status: 200 }],
    [400, undefined, { result: 'failed', status: 400, detail: '400: no' }],
    [400, 'cut', { result: 'failed', status: 400, detail: '400: no' }],
    [429, undefined, { result: 'again', status: 429, detail: '429: no', retryAfterMs: 2_500 }],
  ] as const)('counts by its status: %i (%s)', async (status, end, outcome) => {
    const made = await startReceiver(() => ({
      status,
      headers: { 'retry-after': '2.5', 'content-length': '100' },
      body: 'no',
      end: end ?? 'never',
    }));
    open.push(made);
    expect(await post(message(made.url), connections(['127.0.0.1']))).toEqual(outcome);
  });
});

test('attempts are an hour apart at most, never sooner than asked for, and reach over a day', () => {
  const least = [1, 2, 3, 4, 5, 6, 7, 8].map((attempt) => retryDelayMs(attempt, undefined, 0) / 1000);
  expect(least).toEqual([0.75, 3, 12, 48, 192, 768, 2700, 2700]);
  expect(retryDelayMs(1, 90_000, 0)).toBe(90_000);
  expect(retryDelayMs(1, 90_000_000, 1)).toBe(3_600_000);
  let total = 0;
  for (let attempt = 1; attempt < 60; attempt += 1) total += retryDelayMs(attempt, undefined, 0);
  expect(total).toBeGreaterThan(GIVE_UP_AFTER_MS);
});
