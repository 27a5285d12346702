import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { collect, connectRaw, connectSocket, type LiveClient } from '../support/live.ts';
import { get, post } from '../support/http.ts';
import { startApiNode, startWorkerNode, type RunningNode } from '../support/service.ts';
import { snapshot } from '../support/snapshots.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';
import type { WebSocket } from 'ws';

let redisServer: TestRedis;
let first: RunningNode;
let second: RunningNode;
let workers: { stop(): Promise<boolean> };
const sockets: LiveClient[] = [];
const rawSockets: WebSocket[] = [];

beforeAll(async () => {
  redisServer = await startTestRedis();
  const environment = { REDIS_URL: redisServer.url };
  [first, second] = await Promise.all([startApiNode(environment), startApiNode(environment)]);
  workers = await startWorkerNode(environment);
});

afterEach(() => {
  sockets.splice(0).forEach((socket) => socket.disconnect());
  rawSockets.splice(0).forEach((socket) => socket.terminate());
});

afterAll(async () => {
  await Promise.all([first.stop(), second.stop(), workers.stop()]);
  await redisServer.close();
});

async function connected(
  url: string,
  options: Parameters<typeof connectSocket>[1] = {},
): Promise<LiveClient> {
  const socket = await connectSocket(url, options);
  sockets.push(socket);
  return socket;
}

async function rawConnected(url: string): Promise<string[]> {
  const { socket, frames } = await connectRaw(`${url}/ws/metrics`);
  rawSockets.push(socket);
  return frames;
}

const ingest = (node: RunningNode, agent: string, changes = {}) =>
  post(`${node.url}/ingest/metrics`, snapshot(changes), { 'X-Agent-Id': agent });

/** How many live connections the first node says it has. */
async function openSockets(kind: 'socket.io' | 'websocket'): Promise<number> {
  const { body } = await get(`${first.url}/metrics`);
  return Number(new RegExp(`topline_sockets\\{kind="${kind}"\\} (\\d+)`).exec(String(body))?.[1]);
}

/** Sends large snapshots of ever new agents, `big-…`, until the condition holds; tells how many. */
async function floodUntil(condition: () => Promise<boolean>): Promise<number> {
  const names = Array.from({ length: 12 }, (_, pid) => ({
    pid,
    name: 'x'.repeat(1000),
    cpu_percent: 1,
    memory_mb: 1,
  }));
  let sent = 0;
  await waitFor(
    async () => {
      await Promise.all(
        Array.from({ length: 50 }, () => ingest(first, `big-${(sent += 1)}`, { top_processes: names })),
      );
      return condition();
    },
    { describe: 'the stuck client to be dropped' },
  );
  return sent;
}

describe('Socket.IO', () => {
  test('brings the snapshots of a subscribed agent, and of no other, from either node to either node', async () => {
    const clients = await Promise.all([connected(first.url), connected(second.url)]);
    const seen = clients.map((client) => collect(client, 'snapshot'));
    for (const client of clients) {
      expect(await client.emitWithAck('subscribe', { agents: ['web-1'] })).toEqual({
        ok: true,
        agents: ['web-1'],
      });
    }
    await ingest(first, 'other');
    await ingest(first, 'web-1', { total_cpu_percent: 11 });
    await ingest(second, 'web-1', { total_cpu_percent: 22 });
    for (const events of seen) {
      await waitFor(() => events.length === 2);
      expect(events).toMatchObject([
        { agent_id: 'web-1', total_cpu_percent: 11 },
        { agent_id: 'web-1', total_cpu_percent: 22 },
      ]);
    }
  });

  test('brings every agent to who subscribed to "*", once even where an agent is named as well, until unsubscribed', async () => {
    const client = await connected(first.url);
    const seen = collect(client, 'snapshot');
    await client.emitWithAck('subscribe', { agents: '*' });
    await client.emitWithAck('subscribe', { agents: ['a'] });
    await ingest(first, 'a');
    await ingest(first, 'b');
    await waitFor(() => seen.length === 2);
    expect(seen.map(({ agent_id }) => agent_id).sort()).toEqual(['a', 'b']);

    await client.emitWithAck('unsubscribe', { agents: '*' });
    await ingest(first, 'b', { total_cpu_percent: 1 });
    await ingest(first, 'a', { total_cpu_percent: 1 });
    await waitFor(() => seen.length === 3);
    expect(seen[2]).toMatchObject({ agent_id: 'a' });
  });

  test('answers a bad subscription with the reason, whatever it is made of', async () => {
    const client = await connected(first.url);
    for (const bad of [
      null,
      'x',
      {},
      { agents: [] },
      { agents: ['a b'] },
      { agents: Array.from({ length: 1001 }, () => 'a') },
    ]) {
      expect(await client.emitWithAck('subscribe', bad)).toMatchObject({
        ok: false,
        detail: expect.stringContaining('agents'),
      });
    }
    // Without anything to answer to: the server must not mind.
    client.emit('subscribe', { agents: ['a'] }, 'not a callback' as never);
    expect(await client.emitWithAck('subscribe', { agents: ['a'] })).toMatchObject({ ok: true });
  });

  test('a socket holds no more subscriptions than its limit, in however many messages', async () => {
    const some = (from: number, count: number) => Array.from({ length: count }, (_, i) => `pile-${from + i}`);
    const held = async () =>
      Number(/^topline_subscriptions (\d+)$/m.exec(String((await get(`${second.url}/metrics`)).body))?.[1]);
    await waitFor(async () => (await held()) === 0);
    const client = await connected(second.url);
    const subscribe = (agents: '*' | string[]) => client.emitWithAck('subscribe', { agents });
    expect(await subscribe(some(0, 999))).toMatchObject({ ok: true });
    expect(await subscribe(some(998, 3))).toEqual({
      ok: false,
      detail: expect.stringContaining('may subscribe to 1000 agents, and has 999'),
    });
    expect(await held()).toBe(999);
    // Again what it has, all of them, and one more for one less.
    expect(await subscribe(some(0, 999))).toMatchObject({ ok: true });
    expect(await subscribe('*')).toMatchObject({ ok: true });
    expect(await subscribe(['pile-a'])).toMatchObject({ ok: true });
    expect(await subscribe(['pile-b'])).toMatchObject({ ok: false });
    await client.emitWithAck('unsubscribe', { agents: ['pile-0', 'pile-0', 'never'] });
    expect(await subscribe(['pile-b', 'pile-b'])).toMatchObject({ ok: true });
    expect(await held()).toBe(1_000);
    const { body } = await get(`${second.url}/metrics`);
    expect(String(body)).toContain('topline_subscriptions_refused_total 2');
    client.disconnect();
    await waitFor(async () => (await held()) === 0);
  });

  test('sends the fleet once a second: the latest line of each agent that changed', async () => {
    const client = await connected(second.url);
    const fleets = collect(client, 'fleet');
    const timestamp = snapshot().timestamp;
    const busy = { pid: 9, name: 'busy', cpu_percent: 80, memory_mb: 1 };
    await ingest(first, 'fleet-1', { timestamp: timestamp - 2, total_cpu_percent: 1 });
    await ingest(first, 'fleet-1', {
      timestamp,
      total_cpu_percent: 2,
      top_processes: [{ ...busy, name: 'idle', cpu_percent: 0 }, busy],
    });
    const line = await waitFor(() =>
      fleets.flat().find((one) => one.agent_id === 'fleet-1' && one.timestamp === timestamp),
    );
    expect(line).toEqual({
      agent_id: 'fleet-1',
      timestamp,
      total_cpu_percent: 2,
      system_memory_used_mb: 2000,
      system_memory_total_mb: 8000,
      top_process: { name: 'busy', cpu_percent: 80 },
    });
  });

  test('drops a client that does not read, tells it why, and the others go on', async () => {
    const [stuck, healthy] = [await connected(first.url), await connected(first.url)];
    for (const client of [stuck, healthy]) await client.emitWithAck('subscribe', { agents: '*' });
    const seen = collect(healthy, 'snapshot');
    // The connection under the client: from here on nobody takes what the server sends.
    const { ws } = stuck.io.engine.transport as unknown as { ws: WebSocket };
    ws.pause();
    expect(await openSockets('socket.io')).toBe(2);
    const closed = new Promise((resolve) => stuck.once('disconnect', (_reason, details) => resolve(details)));
    const sent = await floodUntil(async () => (await openSockets('socket.io')) === 1);
    ws.resume();
    expect(await closed).toMatchObject({ context: { code: 1013, reason: 'too slow' } });
    await waitFor(() => seen.filter(({ agent_id }) => agent_id.startsWith('big-')).length === sent);
  });

  test('refuses a page of another origin, and lets in one of its own', async () => {
    await expect(connected(first.url, { headers: { origin: 'https://evil.example' } })).rejects.toThrow();
    await connected(first.url, { headers: { origin: first.url } });
  });
});

describe('WS /ws/metrics', () => {
  test('brings each accepted snapshot as one text frame, its JSON, on every node', async () => {
    const frames = await Promise.all([rawConnected(first.url), rawConnected(second.url)]);
    const sent = snapshot({ total_cpu_percent: 77.5 });
    await post(`${first.url}/ingest/metrics`, sent);
    for (const seen of frames) {
      const frame = await waitFor(() => seen.find((text) => text.includes('77.5')));
      expect(JSON.parse(frame)).toMatchObject(sent);
      expect(JSON.parse(frame)).not.toHaveProperty('agent_id');
    }
  });

  test('brings a repeated snapshot once', async () => {
    const frames = await rawConnected(first.url);
    const sent = snapshot({ total_cpu_percent: 55.5 });
    for (let i = 0; i < 3; i += 1) await post(`${first.url}/ingest/metrics`, sent);
    await post(`${first.url}/ingest/metrics`, snapshot({ total_cpu_percent: 56.5 }));
    await waitFor(() => frames.some((text) => text.includes('56.5')));
    expect(frames.filter((text) => text.includes('55.5'))).toHaveLength(1);
  });

  test('refuses a page of another origin and an unknown path', async () => {
    await expect(connectRaw(`${first.url}/ws/metrics`, { origin: 'https://evil.example' })).rejects.toThrow(
      '403',
    );
    await expect(connectRaw(`${first.url}/ws/nothing`)).rejects.toThrow('404');
  });

  test('ends the connection of a client that sends a long message', async () => {
    const { socket } = await connectRaw(`${first.url}/ws/metrics`);
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    socket.send('x'.repeat(20_000));
    expect(await closed).toBe(1009);
  });

  test('tells its clients that it restarts, where they would take 1001 for the end', async () => {
    const node = await startApiNode({ REDIS_URL: redisServer.url });
    const { socket } = await connectRaw(`${node.url}/ws/metrics`);
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    await node.stop();
    expect(await closed).toBe(1012);
  });

  test('drops a client that does not read, tells it why, and the others go on', async () => {
    const { socket: stuck } = await connectRaw(`${first.url}/ws/metrics`);
    rawSockets.push(stuck);
    const closed = new Promise((resolve) =>
      stuck.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
    stuck.pause();
    expect(await openSockets('websocket')).toBe(1);

    const frames = await rawConnected(first.url);
    const sent = await floodUntil(async () => (await openSockets('websocket')) === 1);
    stuck.resume();
    expect(await closed).toEqual({ code: 1013, reason: 'too slow' });
    await waitFor(() => frames.filter((text) => text.includes('"big-')).length === sent);
  });

  test('counts a client that is behind and catches up as one of the others: each snapshot, once, in order', async () => {
    const { socket, frames } = await connectRaw(`${first.url}/ws/metrics`);
    rawSockets.push(socket);
    const seen = await rawConnected(first.url);
    socket.pause();
    await Promise.all(Array.from({ length: 40 }, (_, i) => ingest(first, `late-${i}`)));
    await waitFor(() => seen.length === 40);
    expect(frames).toEqual([]);
    socket.resume();
    await waitFor(() => frames.length === 40);
    expect(frames).toEqual(seen);
  });
});
