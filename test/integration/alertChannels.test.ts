import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { CHANNEL_SECRETS, type ChannelKind } from '../../core/contracts/alerting/notification.ts';
import {
  channelListSchema,
  channelViewSchema,
  type ChannelList,
  type ChannelView,
} from '../../core/contracts/alerting/views.ts';
import { createChannelHealthStore } from '../../core/stores/redis/channelHealth.ts';
import { createAlertingSettingsStore } from '../../core/stores/redis/alertingSettings.ts';
import { createTestHistory, type TestHistory } from '../support/history.ts';
import { get, send, type Reply } from '../support/http.ts';
import { startApiNode, type RunningNode } from '../support/service.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';
import { makeTempDir, type TempDir } from '../support/tempDir.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const WEBHOOK = { kind: 'webhook', url: 'https://hooks.example.com/a', secret: SECRET };
const SLACK = { kind: 'slack', url: 'https://hooks.slack.com/services/T0/B0/canary-slack' };

let redisServer: TestRedis;
let redis: Redis;
let history: TestHistory;
let api: RunningNode;
let directory: TempDir;
let file: string;
let log = '';

beforeAll(async () => {
  [redisServer, history, directory] = await Promise.all([
    startTestRedis(),
    createTestHistory(),
    makeTempDir(),
  ]);
  redis = new Redis(redisServer.url);
  file = join(directory.path, 'alerts.yaml');
  const channels = [
    {
      id: 'of-file',
      name: 'File',
      target: { kind: 'alertmanager', url: 'http://me:canary-user@am.example' },
    },
    { id: 'spare', name: 'Spare', target: SLACK },
  ];
  const routes = [{ id: 'file-route', match: {}, channels: ['of-file'] }];
  await writeFile(file, JSON.stringify({ channels, routes }));
  api = await startApiNode(
    {
      REDIS_URL: redisServer.url,
      POSTGRES_DSN: history.dsn,
      ALERT_RULES_FILE: file,
      ALERT_ALLOWED_HOSTS: '10.1.0.0/16,relay.internal',
      LOG_LEVEL: 'trace',
    },
    { write: (line) => void (log += line) },
  );
});
afterAll(async () => {
  await api.stop();
  await directory.remove();
  redis.disconnect();
  await history.close();
  await redisServer.close();
});
beforeEach(() =>
  history.prisma.$executeRawUnsafe(
    'TRUNCATE topline_alert_channels, topline_alert_routes, topline_audit_entries',
  ),
);

const at = (path: string) => `${api.url}/api/${path}`;
const make = (id: string, target: object = WEBHOOK, name = 'Ops') =>
  send('POST', at('alert-channels'), { id, name, target });
const change = (id: string, target: object, headers: Record<string, string> = {}) =>
  send('PUT', at(`alert-channels/${id}`), { name: 'Ops', target }, headers);
const remove = (id: string, headers: Record<string, string> = {}) =>
  send('DELETE', at(`alert-channels/${id}`), undefined, headers);
const audit = async () => {
  const { entries } = (await get(at('audit'))).body as { entries: { action: string; detail: unknown }[] };
  return entries;
};

/** As workers read it. */
async function published(id: string): Promise<object | undefined> {
  const { settings } = await createAlertingSettingsStore(redis).read();
  return settings?.channels.find((channel) => channel.id === id)?.target;
}

function viewOf({ status, body }: Reply, expected = 200): ChannelView {
  expect([status, body]).toEqual([expected, expect.anything()]);
  expect(channelViewSchema.parse(body)).toEqual(body);
  return body as ChannelView;
}

/** What was wrong, as `place: words`. */
function faults({ status, body }: Reply): string[] {
  expect(status).toBe(422);
  const { detail } = body as { detail: { loc: string[]; msg: string }[] };
  return detail.map(({ loc, msg }) => `${loc.join('.')}: ${msg}`);
}

describe('a channel that is made', () => {
  test('is answered, listed and found without its secret, and published with it', async () => {
    const made = await make('ops');
    expect(made.headers.get('etag')).toBe('"1"');
    const view = viewOf(made, 201);
    expect(view).toEqual({
      id: 'ops',
      name: 'Ops',
      kind: 'webhook',
      target: { kind: 'webhook', url: 'https://hooks.example.com/a' },
      secrets: ['secret'],
      version: 1,
      source: 'api',
    });
    expect(viewOf(await get(at('alert-channels/ops')))).toEqual(view);
    const { body } = await get(at('alert-channels'));
    expect(
      channelListSchema.parse(body).channels.map(({ id, version, source }) => [id, version, source]),
    ).toEqual([
      ['of-file', 0, 'file'],
      ['spare', 0, 'file'],
      ['ops', 1, 'api'],
    ]);
    expect(await published('ops')).toEqual(WEBHOOK);
    expect(await audit()).toMatchObject([
      { action: 'channel.created', detail: { name: 'Ops', target: view.target, secrets: ['secret'] } },
    ]);
  });

  test('of an id that is taken is refused, whoever has it', async () => {
    await make('ops');
    expect(await make('ops')).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('PUT') },
    });
    expect(await make('of-file')).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('ALERT_RULES_FILE') },
    });
  });

  test.each([
    ['127.0.0.1', { kind: 'slack', url: 'http://127.0.0.1:9/canary-slack' }, 'url'],
    ['::1', { ...WEBHOOK, url: 'http://[::1]/' }, 'url'],
    ['127.0.0.1, written as one number', { kind: 'discord', url: 'http://2130706433/canary' }, 'url'],
    [
      '169.254.169.254',
      { kind: 'telegram', bot_token: 'canary-bot', chat_id: '1', api_url: 'http://169.254.169.254' },
      'api_url',
    ],
    ['10.0.0.1', { kind: 'email', host: '10.0.0.1', from: 'a@b.example', to: ['a@b.example'] }, 'host'],
  ])('with a target at %s is refused, and the setting named that allows it', async (_, target, field) => {
    expect(faults(await make('inside', target))).toEqual([
      expect.stringMatching(new RegExp(`^body\\.target\\.${field}: .*ALERT_ALLOWED_HOSTS`)),
    ]);
    expect((await get(at('alert-channels/inside'))).status).toBe(404);
  });

  test.each(['http://10.1.2.3/x', 'http://relay.internal/x', 'https://8.8.8.8/x'])(
    'with a target at %s, which is allowed, is taken',
    async (url) => {
      viewOf(await make('outside', { kind: 'alertmanager', url }), 201);
    },
  );

  test('with a password in an address that is shown is refused; one of the file is shown without it', async () => {
    const url = 'https://me:canary-user@am.example/';
    expect(faults(await make('basic', { kind: 'alertmanager', url }))).toEqual([
      expect.stringContaining('body.target.url: Must not have a user name'),
    ]);
    expect(viewOf(await get(at('alert-channels/of-file'))).target['url']).toBe('http://***@am.example/');
  });

  test('with what is malformed, unknown or too long is refused with its place', async () => {
    expect(faults(await make('No id'))).toEqual([expect.stringContaining('body.id: Id must be')]);
    expect(faults(await make('ops', { kind: 'fax' }))).toEqual([
      expect.stringContaining('Kind must be one of'),
    ]);
    expect(faults(await make('ops', { kind: 'slack' }))).toEqual(['body.target.url: Field required']);
    expect(faults(await make('ops', { ...SLACK, colour: 'red' }))).toHaveLength(1);
    expect((await make('ops', SLACK, 'x'.repeat(40_000))).status).toBe(413);
    expect((await send('POST', at('alert-channels'), 'x', { 'Content-Type': 'text/plain' })).status).toBe(
      415,
    );
    expect((await get(at('alert-channels/No%20id'))).status).toBe(422);
  });
});

describe('a channel that is changed', () => {
  test('shows how it did until then, and is tried again', async () => {
    const store = createChannelHealthStore(redis);
    await make('ops');
    const health = {
      state: 'paused' as const,
      at_ms: 1,
      paused_until_ms: 2,
      failures_in_a_row: 3,
      status: 503,
      detail: '503: down',
    };
    await store.put('ops', health);
    expect(viewOf(await get(at('alert-channels/ops'))).health).toEqual(health);
    const before = await store.openings('ops');
    expect(
      viewOf(await change('ops', { ...WEBHOOK, url: 'https://hooks.example.com/b' })).health,
    ).toBeUndefined();
    expect(viewOf(await get(at('alert-channels/ops'))).health).toBeUndefined();
    expect(await store.openings('ops')).toBe(before + 1);
  });

  test('keeps the secrets that are not given, also where it consists of one', async () => {
    await make('slack', SLACK);
    const { kind, secrets, version } = viewOf(await change('slack', { kind: 'slack' }));
    expect([kind, secrets, version]).toEqual(['slack', ['url'], 2]);
    expect(await published('slack')).toEqual(SLACK);
    await make('hook');
    viewOf(await change('hook', { kind: 'webhook', url: 'https://other.example.com/b' }));
    expect(await published('hook')).toEqual({ ...WEBHOOK, url: 'https://other.example.com/b' });
  });

  test('has those that are given, and the audit says which, not what', async () => {
    await make('slack', SLACK);
    viewOf(await change('slack', { kind: 'slack', url: 'https://hooks.slack.com/new' }));
    expect(await published('slack')).toEqual({ kind: 'slack', url: 'https://hooks.slack.com/new' });
    viewOf(await change('slack', { kind: 'slack' }));
    const [kept, given] = await audit();
    expect(given).toMatchObject({ action: 'channel.changed', detail: { secrets: ['url'] } });
    expect(kept).toMatchObject({ action: 'channel.changed', detail: { secrets: [] } });
  });

  test('loses one that need not be there by null', async () => {
    const ntfy = { kind: 'ntfy', url: 'https://ntfy.example', topic: 'ops' };
    await make('ntfy', { ...ntfy, access_token: 'canary-ntfy' });
    expect(viewOf(await change('ntfy', ntfy)).secrets).toEqual(['access_token']);
    expect(viewOf(await change('ntfy', { ...ntfy, access_token: null })).secrets).toEqual([]);
    expect(await published('ntfy')).toEqual(ntfy);
  });

  test('to another kind has to be given all of it', async () => {
    await make('slack', SLACK);
    expect(faults(await change('slack', { kind: 'discord' }))).toEqual(['body.target.url: Field required']);
  });

  test('tells no other host the secret that it was not given for', async () => {
    const telegram = { kind: 'telegram', bot_token: 'canary-bot', chat_id: '1' };
    await make('telegram', telegram);
    const { bot_token, ...kept } = telegram;
    expect(faults(await change('telegram', { ...kept, api_url: 'https://evil.example' }))).toEqual([
      expect.stringContaining('body.target.bot_token: Messages go to another host'),
    ]);
    viewOf(await change('telegram', { ...kept, chat_id: '2' }));
    viewOf(await change('telegram', { ...kept, bot_token, api_url: 'https://own.example' }));
    expect(await published('telegram')).toMatchObject({ bot_token, api_url: 'https://own.example' });
  });

  test('may not be led into a private network either', async () => {
    await make('am', { kind: 'alertmanager', url: 'https://am.example' });
    expect(faults(await change('am', { kind: 'alertmanager', url: 'http://192.168.0.1' }))).toEqual([
      expect.stringContaining('ALERT_ALLOWED_HOSTS'),
    ]);
  });

  test('of an older version, of the file or not there at all is refused', async () => {
    await make('ops');
    expect((await change('ops', WEBHOOK, { 'If-Match': '"1"' })).status).toBe(200);
    expect((await change('ops', WEBHOOK, { 'If-Match': '"1"' })).status).toBe(412);
    expect((await change('ops', WEBHOOK, { 'If-Match': 'one' })).status).toBe(422);
    expect((await change('of-file', WEBHOOK)).status).toBe(409);
    expect((await change('nobody', WEBHOOK)).status).toBe(404);
  });
});

describe('a channel that is deleted', () => {
  test('is gone from the list and from what is published', async () => {
    await make('ops');
    expect((await remove('ops', { 'If-Match': '"7"' })).status).toBe(412);
    expect((await remove('ops', { 'If-Match': '"1"' })).status).toBe(204);
    expect((await get(at('alert-channels/ops'))).status).toBe(404);
    expect(await published('ops')).toBeUndefined();
    expect((await remove('ops')).status).toBe(404);
    expect((await remove('of-file')).status).toBe(409);
  });

  test('while routes use it is refused with their names', async () => {
    await make('ops');
    await make('boss');
    const route = (id: string, body: object) => send('POST', at('alert-routes'), { id, match: {}, ...body });
    await route('first', { channels: ['ops'] });
    await route('second', { channels: ['boss'], escalate: { after_seconds: 60, channels: ['ops'] } });
    const { status, body } = await remove('ops');
    expect([status, body]).toEqual([
      409,
      { detail: expect.stringContaining('used by the routes first, second') },
    ]);
    await send('DELETE', at('alert-routes/second'));
    expect((await remove('ops')).body).toEqual({ detail: expect.stringContaining('the route first:') });
    await send('DELETE', at('alert-routes/first'));
    expect((await remove('ops')).status).toBe(204);
  });
});

describe('without PostgreSQL', () => {
  test.each([
    ['where there is none, those of the file are listed, and nothing is changed', '', 200],
    ['while it is away, neither', 'postgresql://nobody@127.0.0.1:1/none', 503],
  ])('%s', async (_, dsn, listed) => {
    const own = await startTestRedis();
    const node = await startApiNode({ REDIS_URL: own.url, POSTGRES_DSN: dsn, ALERT_RULES_FILE: file });
    try {
      const path = `${node.url}/api/alert-channels`;
      const answer = await get(path);
      expect(answer.status).toBe(listed);
      if (listed === 200) expect((answer.body as ChannelList).channels).toHaveLength(2);
      expect((await get(`${node.url}/api/alert-routes`)).status).toBe(listed);
      const [body, route] = [
        { name: 'Ops', target: WEBHOOK },
        { match: {}, channels: ['of-file'] },
      ];
      for (const change of [
        send('POST', path, { id: 'ops', ...body }),
        send('PUT', `${path}/ops`, body),
        send('DELETE', `${path}/ops`),
        send('POST', `${node.url}/api/alert-routes`, { id: 'all', ...route }),
        send('PUT', `${node.url}/api/alert-routes/all`, route),
        send('DELETE', `${node.url}/api/alert-routes/all`),
        get(`${node.url}/api/audit`),
      ])
        expect(await change).toMatchObject({
          status: 503,
          body: { detail: expect.stringContaining('PostgreSQL') },
        });
    } finally {
      await node.stop();
      await own.close();
    }
  });
});

test('no secret of any kind is in an answer, a refusal, the audit or the log', async () => {
  const mail = { host: 'mail.example', from: 'a@b.example', to: ['a@b.example'], username: 'me' };
  const targets: Record<ChannelKind, Record<string, unknown>> = {
    webhook: { url: 'https://hooks.example.com', secret: 'whsec_canarywebhook' },
    slack: { url: 'https://hooks.example.com/canary-slack' },
    discord: { url: 'https://hooks.example.com/canary-discord' },
    telegram: { bot_token: 'canary-telegram', chat_id: '1' },
    ntfy: { topic: 'ops', access_token: 'canary-ntfy' },
    pagerduty: { routing_key: 'canary-pagerduty' },
    alertmanager: { url: 'https://am.example' },
    email: { ...mail, password: 'canary-email' },
  };
  const answers: unknown[] = [];
  const ask = async (asked: Promise<Reply>) => answers.push(await asked);
  let secrets = 0;
  for (const [kind, fields] of Object.entries(targets)) {
    const target = { ...fields, kind };
    await ask(make(kind, target));
    await ask(make(kind, target));
    await ask(make('of-file', target));
    await ask(get(at(`alert-channels/${kind}`)));
    await ask(change(kind, target));
    await ask(change(kind, { kind }));
    await ask(change('of-file', target));
    await ask(change('nobody', target));
    // Refused, each for a reason of its own.
    for (const wrong of [
      { kind: 'fax' },
      { kind: [kind] },
      { colour: 'canary-colour' },
      { url: 'http://10.0.0.1/canary' },
    ])
      await ask(make(`wrong-${kind}`, { ...target, ...wrong }));
    for (const field of Object.keys(fields))
      for (const value of [
        { canary: 'canary-object' },
        ['canary-list'],
        'canary\u0000text',
        `canary-${'x'.repeat(3000)}`,
      ])
        await ask(make(`wrong-${kind}`, { ...target, [field]: value }));
    await ask(send('POST', at('alert-channels'), `${JSON.stringify({ id: kind, target })},`));
    secrets += CHANNEL_SECRETS[kind as ChannelKind].filter((field) => fields[field] !== undefined).length;
    expect(await published(kind)).toMatchObject(target);
  }
  await ask(get(at('alert-channels')));
  await ask(get(at('alert-routes')));
  await ask(get(at('audit?limit=1000')));
  for (const kind of Object.keys(targets)) await ask(remove(kind));
  expect(secrets).toBe(7);
  expect(answers.length).toBeGreaterThan(150);
  expect(JSON.stringify(answers)).not.toMatch(/canary/);
  expect(log).toContain('channel created');
  expect(log).not.toMatch(/canary/);
});
