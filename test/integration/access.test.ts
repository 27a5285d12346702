import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { collect, connectRaw, connectSocket } from '../support/live.ts';
import { fetchOnce, get, post } from '../support/http.ts';
import { startApiNode, type RunningNode } from '../support/service.ts';
import { snapshot } from '../support/snapshots.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';

const AGENT = 'agent-token-0123456789';
const VIEWER = 'viewer-token-0123456789';
const OPERATOR = 'operator-token-0123456789';

let redisServer: TestRedis;
let guarded: RunningNode;
let open: RunningNode;

beforeAll(async () => {
  redisServer = await startTestRedis();
  const REDIS_URL = redisServer.url;
  guarded = await startApiNode({
    REDIS_URL,
    AGENT_API_TOKEN: AGENT,
    VIEWER_TOKEN: VIEWER,
    OPERATOR_TOKEN: OPERATOR,
  });
  open = await startApiNode({ REDIS_URL });
});

afterAll(async () => {
  await Promise.all([guarded.stop(), open.stop()]);
  await redisServer.close();
});

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

describe('the agent token', () => {
  test('is asked for where it is set, and a missing and a wrong one get the same answer', async () => {
    const url = `${guarded.url}/ingest/metrics`;
    const refused = { status: 401, body: { detail: 'Invalid or missing agent token' } };
    expect(await post(url, snapshot())).toMatchObject(refused);
    expect(await post(url, snapshot(), { 'X-Agent-Token': `${AGENT}x` })).toMatchObject(refused);
    expect(await post(url, 'not even JSON', { 'X-Agent-Token': 'wrong' })).toMatchObject(refused);
    expect((await post(url, snapshot(), { 'X-Agent-Token': AGENT })).status).toBe(200);
  });
});

describe('reading', () => {
  const reads = ['/api/metrics/recent', '/api/alerts/recent', '/metrics', '/board', '/board/api/queues'];

  test.each(reads)('%s needs the viewer or the operator token where one is set', async (path) => {
    expect(await get(guarded.url + path)).toMatchObject({
      status: 401,
      body: { detail: expect.any(String) },
    });
    expect((await get(guarded.url + path, bearer('wrong'))).status).toBe(401);
    expect((await get(guarded.url + path, bearer(AGENT))).status).toBe(401);
    expect((await get(guarded.url + path, bearer(VIEWER))).status).toBe(200);
    expect((await get(guarded.url + path, bearer(OPERATOR))).status).toBe(200);
    expect((await get(open.url + path)).status).toBe(200);
  });

  test.each(['/health', '/livez', '/readyz', '/docs', '/openapi.json', '/', '/api/session'])(
    '%s is open to all',
    async (path) => {
      expect((await get(guarded.url + path)).status).toBe(200);
    },
  );

  test('both sockets need it too', async () => {
    await expect(connectSocket(guarded.url)).rejects.toThrow('Unauthorized');
    await expect(connectSocket(guarded.url, { token: 'wrong' })).rejects.toThrow('Unauthorized');
    (await connectSocket(guarded.url, { token: VIEWER })).disconnect();
    await expect(connectRaw(`${guarded.url}/ws/metrics`)).rejects.toThrow('401');
    (await connectRaw(`${guarded.url}/ws/metrics`, bearer(VIEWER))).socket.terminate();
  });
});

describe('signing in', () => {
  async function signIn(token: string) {
    const answer = await post(`${guarded.url}/api/session`, { token });
    return { ...answer, cookie: answer.headers.get('set-cookie') ?? '' };
  }

  test('gives a cookie that scripts cannot read and other sites do not send, good for reading and for the sockets', async () => {
    const { status, body, cookie } = await signIn(VIEWER);
    expect({ status, body }).toEqual({ status: 200, body: { role: 'viewer' } });
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    const headers = { cookie: cookie.split(';')[0] ?? '' };
    expect((await get(`${guarded.url}/api/metrics/recent`, headers)).status).toBe(200);
    expect((await get(`${guarded.url}/api/session`, headers)).body).toEqual({ role: 'viewer' });
    const socket = await connectSocket(guarded.url, { headers });
    collect(socket, 'fleet');
    socket.disconnect();
    (await connectRaw(`${guarded.url}/ws/metrics`, headers)).socket.terminate();
  });

  test('refuses an unknown token, a foreign page, and too many tries', async () => {
    expect(await signIn('wrong')).toMatchObject({ status: 401, cookie: '' });
    const foreign = await post(
      `${guarded.url}/api/session`,
      { token: VIEWER },
      { Origin: 'https://evil.example' },
    );
    expect(foreign.status).toBe(403);
    let last = await signIn('wrong');
    for (let i = 0; i < 25 && last.status !== 429; i += 1) last = await signIn('wrong');
    expect(last.status).toBe(429);
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('ends with signing out', async () => {
    const response = await fetchOnce(`${guarded.url}/api/session`, { method: 'DELETE' });
    expect(response.headers.get('set-cookie')).toContain('Max-Age=0');
  });
});

describe('the queue board', () => {
  const change = (node: RunningNode, headers: Record<string, string>) =>
    fetchOnce(`${node.url}/board/api/queues/prune/pause`, { method: 'PUT', headers });
  const readOnly = async (node: RunningNode, headers: Record<string, string>) => {
    const { body } = await get(`${node.url}/board/api/queues`, headers);
    return (body as { queues: { readOnlyMode: boolean }[] }).queues.every((queue) => queue.readOnlyMode);
  };

  test('shows a viewer the queues read-only and the operator with everything', async () => {
    expect(await readOnly(guarded, bearer(VIEWER))).toBe(true);
    expect(await readOnly(guarded, bearer(OPERATOR))).toBe(false);
  });

  test('changes nothing for a viewer, nor for a page of another origin', async () => {
    expect((await change(guarded, {})).status).toBe(401);
    expect((await change(guarded, bearer(VIEWER))).status).toBe(403);
    expect((await change(guarded, { ...bearer(OPERATOR), Origin: 'https://evil.example' })).status).toBe(403);
    expect((await change(guarded, bearer(OPERATOR))).status).toBe(200);
  });

  test('belongs to a client on this machine while no operator token is set, unless it came through a proxy', async () => {
    expect((await change(open, {})).status).toBe(200);
    expect((await change(open, { 'X-Forwarded-For': '127.0.0.1' })).status).toBe(401);
    expect(await readOnly(open, { 'X-Forwarded-For': '10.0.0.1' })).toBe(true);
  });

  test('where only a viewer token is set, a client on this machine needs it to read, and none to change', async () => {
    const node = await startApiNode({ REDIS_URL: redisServer.url, VIEWER_TOKEN: VIEWER });
    expect((await get(`${node.url}/api/metrics/recent`)).status).toBe(401);
    expect((await get(`${node.url}/board`)).status).toBe(401);
    expect((await change(node, {})).status).toBe(200);
    expect((await change(node, bearer(VIEWER))).status).toBe(200);
    await node.stop();
  });

  test('answers a page, its assets and an unknown address', async () => {
    const { body } = await get(`${open.url}/board`);
    const script = /src="(static\/js\/main[^"]+)"/.exec(String(body))?.[1] ?? 'none';
    expect((await get(`${open.url}/board/${script}`)).status).toBe(200);
    expect((await get(`${open.url}/boardroom`)).status).toBe(404);
  });
});
