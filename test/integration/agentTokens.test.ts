import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createAgentTokenStore, type AgentTokenStore } from '../../core/stores/redis/agentTokens.ts';
import { nowSeconds } from '../../core/time.ts';
import { post } from '../support/http.ts';
import { startApiNode, startWorkerNode, type RunningNode } from '../support/service.ts';
import { snapshot } from '../support/snapshots.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

const SHARED = 'shared-agent-token-0123456789';
/** Longer than the cache may be wrong. */
const SOON = { timeoutMs: 7_000 };

let redisServer: TestRedis;
let redis: Redis;
let tokens: AgentTokenStore;

beforeAll(async () => {
  redisServer = await startTestRedis();
  redis = new Redis(redisServer.url);
  redis.on('error', () => undefined);
  tokens = createAgentTokenStore(redis);
});

afterAll(async () => {
  redis.disconnect();
  await redisServer.close();
});

async function add(agentId: string): Promise<string> {
  const token = await tokens.add(agentId, nowSeconds());
  if (token === undefined) throw new Error(`${agentId} has a token already`);
  return token;
}

describe('the store', () => {
  beforeEach(() => redis.del('topline:agentTokens'));

  test('keeps nothing of a token but its SHA-256', async () => {
    const token = await add('web-01');
    expect(token).toMatch(/^topline_agent_[A-Za-z0-9_-]{43}$/);
    const kept = JSON.stringify(await redis.hgetall('topline:agentTokens'));
    expect(kept).not.toContain(token.slice('topline_agent_'.length));
    expect(kept).toContain(createHash('sha256').update(token).digest('hex'));
  });

  test('knows whose a token is until it is revoked, and the agent also after', async () => {
    const token = await add('web-01');
    const other = await add('web-02');
    const { table } = await tokens.load();
    expect([table.ownerOf(token), table.ownerOf(other)]).toEqual(['web-01', 'web-02']);
    expect(table.ownerOf(`${token}x`)).toBeUndefined();
    expect(await tokens.revoke('web-01', nowSeconds())).toBe(true);
    const { table: later } = await tokens.load();
    expect([later.ownerOf(token), later.ownerOf(other)]).toEqual([undefined, 'web-02']);
    expect([later.has('web-01'), later.has('web-02'), later.has('web-03')]).toEqual([true, true, false]);
    expect(await tokens.forget('web-01')).toBe(true);
    expect((await tokens.load()).table.has('web-01')).toBe(false);
  });

  test('gives an agent a second token only when told to, and the first is invalid then', async () => {
    const first = await add('web-01');
    expect(await tokens.add('web-01', nowSeconds())).toBeUndefined();
    const second = await tokens.add('web-01', nowSeconds(), { rotate: true });
    const { table } = await tokens.load();
    expect([table.ownerOf(first), table.ownerOf(second ?? '')]).toEqual([undefined, 'web-01']);
    await tokens.revoke('web-01', nowSeconds());
    expect(await tokens.add('web-01', nowSeconds())).toBeDefined();
  });

  test('changes its revision with every change, and only then', async () => {
    const seen = [await tokens.revision()];
    for (const change of [
      () => tokens.add('web-01', 1),
      () => tokens.add('web-01', 1, { rotate: true }),
      () => tokens.revoke('web-01', 1),
      () => tokens.forget('web-01'),
    ]) {
      await change();
      seen.push(await tokens.revision());
    }
    expect(new Set(seen).size).toBe(5);
    expect((await tokens.load()).revision).toBe(seen.at(-1));
    await tokens.revoke('web-01', 1);
    await tokens.forget('web-01');
    expect(await tokens.revision()).toBe(seen.at(-1));
  });

  test('gives one token of many asked for at once', async () => {
    const made = await Promise.all(Array.from({ length: 10 }, () => tokens.add('web-01', nowSeconds())));
    const token = made.filter((one) => one !== undefined);
    expect(token).toHaveLength(1);
    expect((await tokens.load()).table.ownerOf(token[0] ?? '')).toBe('web-01');
  });

  test('is not confused by an id that means something to JavaScript', async () => {
    for (const agentId of ['__proto__', 'constructor', 'toString']) {
      expect((await tokens.load()).table.has(agentId)).toBe(false);
      const token = await add(agentId);
      expect((await tokens.load()).table.ownerOf(token)).toBe(agentId);
    }
    expect((await tokens.list()).map(({ agentId }) => agentId)).toEqual([
      '__proto__',
      'constructor',
      'toString',
    ]);
  });

  test.each(['', 'no JSON', '{}', 'null', '{"hash":"abc","since":1}', '[]'])(
    'takes a damaged record for a revoked one: %j',
    async (record) => {
      await redis.hset('topline:agentTokens', 'web-01', record);
      const { table } = await tokens.load();
      expect(table.has('web-01')).toBe(true);
      expect(await tokens.list()).toMatchObject([{ agentId: 'web-01', state: 'revoked' }]);
      const token = await add('web-01');
      expect((await tokens.load()).table.ownerOf(token)).toBe('web-01');
    },
  );
});

describe('at the API', () => {
  let guarded: RunningNode;
  let open: RunningNode;
  let workers: { stop(): Promise<boolean> };
  let own: string;

  beforeAll(async () => {
    await redis.flushall();
    own = await add('web-01');
    const REDIS_URL = redisServer.url;
    guarded = await startApiNode({ REDIS_URL, AGENT_API_TOKEN: SHARED });
    open = await startApiNode({ REDIS_URL });
    workers = await startWorkerNode({ REDIS_URL });
  });

  afterAll(() => Promise.all([guarded.stop(), open.stop(), workers.stop()]));

  const REFUSED = { status: 401, body: { detail: 'Invalid or missing agent token' } };
  const report = (
    node: RunningNode,
    { token, header, body }: { token?: string; header?: string; body?: string } = {},
  ) =>
    post(
      `${node.url}/ingest/metrics`,
      snapshot({
        total_cpu_percent: Math.round(Math.random() * 10_000) / 100,
        ...(body === undefined ? {} : { agent_id: body }),
      }),
      {
        ...(token === undefined ? {} : { 'X-Agent-Token': token }),
        ...(header === undefined ? {} : { 'X-Agent-Id': header }),
      },
    );

  test('an own token makes an agent known without saying who it is', async () => {
    const before = await redis.zcard('metrics:timeline:web-01');
    for (const node of [guarded, open]) expect((await report(node, { token: own })).status).toBe(200);
    await waitFor(async () => (await redis.zcard('metrics:timeline:web-01')) === before + 2);
    expect(await redis.exists('metrics:timeline')).toBe(0);
  });

  test('an own token is good for its own id and no other', async () => {
    for (const node of [guarded, open]) {
      for (const named of [{ header: 'web-01' }, { body: 'web-01' }, { header: 'web-01', body: 'web-01' }])
        expect((await report(node, { token: own, ...named })).status).toBe(200);
      for (const named of [{ header: 'web-02' }, { body: 'web-02' }, { header: 'web-01', body: 'web-02' }]) {
        expect(await report(node, { token: own, ...named })).toMatchObject({
          status: 403,
          body: { detail: 'This token belongs to the agent web-01: it cannot report as web-02' },
        });
      }
    }
    expect(await redis.exists('metrics:timeline:web-02')).toBe(0);
  });

  test('where none is asked for, only agents with a token need one, and nobody reports as them without', async () => {
    expect((await report(open, { header: 'web-02' })).status).toBe(200);
    expect((await report(open, { header: 'web-02', token: 'left over from before' })).status).toBe(200);
    expect(await report(open, { header: 'web-01' })).toMatchObject(REFUSED);
    expect(await report(open, { body: 'web-01' })).toMatchObject(REFUSED);
    expect(await report(open, { header: 'web-01', token: 'wrong' })).toMatchObject(REFUSED);
    expect(await report(open, { token: `${own}x` })).toMatchObject(REFUSED);
  });

  test('where the shared one is set, it stays good for all, and nothing goes without', async () => {
    expect((await report(guarded, { token: SHARED, header: 'web-01' })).status).toBe(200);
    expect((await report(guarded, { token: SHARED, header: 'web-02' })).status).toBe(200);
    for (const token of [undefined, '', 'wrong', `${own}x`, `${SHARED}x`]) {
      expect(await report(guarded, token === undefined ? {} : { token })).toMatchObject(REFUSED);
    }
  });

  test('in steady state a request costs no look-up', async () => {
    await report(open);
    const commands = await watchCommands();
    for (let i = 0; i < 50; i += 1) await report(open);
    const lookUps = (await commands.stop()).filter((line) => line.includes('"topline:agentTokens"'));
    // One more if it took longer than two seconds.
    expect(lookUps.length).toBeLessThanOrEqual(2);
  });

  test('a new token counts and a revoked one is refused within seconds, without a restart', async () => {
    const token = await add('web-09');
    await waitFor(async () => (await report(guarded, { token })).status === 200, SOON);
    await tokens.revoke('web-09', nowSeconds());
    await waitFor(async () => (await report(guarded, { token })).status === 401, SOON);
    await waitFor(async () => (await report(open, { header: 'web-09' })).status === 401, SOON);
    await tokens.forget('web-09');
    await waitFor(async () => (await report(open, { header: 'web-09' })).status === 200, SOON);
  });

  test('Redis away means 503, never an open door', async () => {
    const token = await add('web-10');
    await redisServer.stop();
    try {
      // Until what was known has become too old to rely on.
      for (const endsAt = Date.now() + 5_500; Date.now() < endsAt;) {
        for (const sent of [{}, { token }, { token: own }, { header: 'web-01' }]) {
          expect([401, 503]).toContain((await report(open, sent)).status);
        }
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
      for (const sent of [{}, { token }, { token: own }, { header: 'web-01' }]) {
        const answer = await report(open, sent);
        expect(answer).toMatchObject({
          status: 503,
          body: { detail: expect.stringMatching(/^Redis unavailable: /) },
        });
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      }
      expect((await report(guarded, { token })).status).toBe(503);
      expect(await report(guarded, { token: 'wrong' })).toMatchObject(REFUSED);
    } finally {
      await redisServer.restart();
    }
    await waitFor(async () => (await report(open)).status === 200, SOON);
  });
});

/** What Redis is asked from now on, a line each; ioredis' own monitor breaks on replies that come with its first. */
async function watchCommands(): Promise<{ stop(): Promise<string[]> }> {
  let text = '';
  const socket = connect(redisServer.port, '127.0.0.1');
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.write(`AUTH ${new URL(redisServer.url).password}\r\nMONITOR\r\n`);
  await waitFor(() => text.startsWith('+OK\r\n+OK\r\n'));
  return {
    async stop() {
      await redis.echo('the end');
      await waitFor(() => text.includes('"the end"'));
      socket.destroy();
      return text.split('\r\n');
    },
  };
}

describe('npm run agents', () => {
  beforeAll(() => redis.del('topline:agentTokens'));

  function agents(
    args: string[],
    environment: Record<string, string> = { REDIS_URL: redisServer.url },
  ): Promise<{ code: number; out: string; err: string }> {
    const script = fileURLToPath(new URL('../../dist/scripts/agents.js', import.meta.url));
    return new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [script, ...args],
        { env: { ...process.env, ...environment } },
        (_, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
      );
    });
  }

  test('makes a token and writes nothing else to stdout; lists it, replaces it, revokes it', async () => {
    const added = await agents(['add', 'web-01']);
    expect(added).toMatchObject({ code: 0, out: expect.stringMatching(/^topline_agent_\S{43}\n$/) });
    expect((await tokens.load()).table.ownerOf(added.out.trim())).toBe('web-01');

    expect(await agents(['add', 'web-01'])).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/has a token.*--rotate/),
    });
    const rotated = await agents(['add', 'web-01', '--rotate']);
    expect(rotated.code).toBe(0);
    expect((await tokens.load()).table.ownerOf(added.out.trim())).toBeUndefined();
    expect((await tokens.load()).table.ownerOf(rotated.out.trim())).toBe('web-01');

    const listed = await agents(['list']);
    expect(listed).toMatchObject({ code: 0, out: expect.stringMatching(/^web-01 +since \d{4}-/) });
    expect(listed.out + listed.err).not.toContain('topline_agent_');

    expect((await agents(['revoke', 'web-01'])).code).toBe(0);
    expect((await agents(['list'])).out).toMatch(/^web-01 +revoked \d{4}-/);
    expect(await agents(['revoke', 'web-01'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('no token'),
    });
    expect((await agents(['revoke', 'web-01', '--forget'])).code).toBe(0);
    expect(await agents(['list'])).toMatchObject({ code: 0, out: '' });
  });

  test.each([
    [[], 'Nothing to do'],
    [['delete', 'web-01'], 'no command delete'],
    [['add'], 'Which agent'],
    [['add', 'web 01'], '1-128 of A-Z'],
    [['add', 'web-01', 'web-02'], 'Too many words: web-02'],
    [['list', 'web-01'], 'Too many words'],
    [['list', '--rotate'], '--rotate goes with add'],
    [['add', 'web-01', '--forget'], '--forget goes with revoke'],
    [['add', 'web-01', '--force'], '--force'],
    [['forget'], '--state must be one of online, stale, offline'],
    [['forget', 'web-01', '--state', 'offline'], 'Too many words: web-01'],
    [
      ['forget', '--state', 'offline', '--older-than', '7'],
      '--older-than must be a number with s, m, h or d',
    ],
    [['forget', '--state', 'offline', '--url', 'topline'], '--url must begin with'],
    [['list', '--yes'], '--yes goes with forget'],
  ])('says what is wrong with %j', async (args, message) => {
    expect(await agents(args)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(message) });
  });

  test('says what to do where Redis is away or the settings are wrong, and never a password', async () => {
    const away = await agents(['list'], { REDIS_URL: 'redis://:canary-secret@127.0.0.1:1/0' });
    expect(away).toMatchObject({ code: 2, err: expect.stringContaining('Redis is out of reach') });
    const wrongPassword = await agents(['list'], {
      REDIS_URL: `redis://:canary-secret@127.0.0.1:${redisServer.port}/0`,
    });
    expect(wrongPassword).toMatchObject({ code: 2, err: expect.stringContaining('Redis is out of reach') });
    const wrongUrl = await agents(['list'], { REDIS_URL: 'canary-secret' });
    expect(wrongUrl).toMatchObject({ code: 2, err: expect.stringContaining('REDIS_URL') });
    for (const { out, err } of [away, wrongPassword, wrongUrl]) expect(out + err).not.toContain('canary');
  });

  test('explains itself', async () => {
    expect(await agents(['--help'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('AGENT_API_TOKEN'),
    });
  });
});
