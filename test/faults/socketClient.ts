/**
 * The socket client, a process of its own: opens groups of live sockets, reads them or leaves them unread, and writes
 * down which snapshot came to which socket when. In a file of 64-bit floats (`FLOATS_PER_ARRIVAL`), because there are
 * millions.
 */
import { openSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { messageOf } from '../../core/errors.ts';
import { epochMs } from './plan.ts';
import { FLOATS_PER_ARRIVAL, type GroupState, type SocketGroup, type SocketOrder } from './socketPlan.ts';

/** Handshakes under way at a time: the listening queue of the server is bounded. */
const AT_ONCE = 50;

const BLOCK = FLOATS_PER_ARRIVAL * 4_096;

interface OpenSocket {
  pause(): void;
  resume(): void;
  close(): void;
}

const arrivals = openSync(process.argv[2] ?? '', 'w');
const block = new Float64Array(BLOCK);
let filled = 0;
let sockets = 0;
let done = false;
const states: Record<string, GroupState> = {};
const groups = new Map<string, OpenSocket[]>();
const closing = new Set<string>();

function flush(): void {
  writeSync(arrivals, new Uint8Array(block.buffer, 0, filled * 8));
  filled = 0;
}

function noteArrival(socket: number, figure: number): void {
  block[filled] = socket;
  block[filled + 1] = figure;
  block[filled + 2] = epochMs();
  filled += FLOATS_PER_ARRIVAL;
  if (filled === BLOCK) flush();
}

function count(counts: Record<string, number>, what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}

const FIGURE = '"system_memory_used_mb":';

/** The figure of a snapshot, without reading all of it: parsing would keep this process busier than the service. */
function figureIn(frame: Buffer): number {
  const at = frame.indexOf(FIGURE);
  return at < 0 ? Number.NaN : Number.parseFloat(frame.toString('latin1', at + FIGURE.length, at + 40));
}

function openRaw(url: string, number: number, ended: (how: string) => void): Promise<OpenSocket> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws/metrics`, {
    perMessageDeflate: false,
    skipUTF8Validation: true,
  });
  socket.on('message', (data) => noteArrival(number, figureIn(data as Buffer)));
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.once('open', () => {
      socket.on('close', (code, reason) => ended(`${code} ${reason.toString()}`.trim()));
      resolve({
        pause: () => socket.pause(),
        resume: () => socket.resume(),
        close: () => socket.terminate(),
      });
    });
  });
}

async function openSocketIo(
  url: string,
  number: number,
  agents: '*' | string[] | undefined,
  ended: (how: string) => void,
): Promise<OpenSocket> {
  const socket = io(url, { transports: ['websocket'], reconnection: false, forceNew: true });
  socket.on('snapshot', ({ system_memory_used_mb }: { system_memory_used_mb: number }) =>
    noteArrival(number, system_memory_used_mb),
  );
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  socket.on('disconnect', (reason, details) => {
    const context =
      details instanceof Error
        ? undefined
        : (details?.context as { code: number; reason: string } | undefined);
    ended(context === undefined ? reason : `${context.code} ${context.reason}`.trim());
  });
  if (agents !== undefined) await socket.emitWithAck('subscribe', { agents });
  // The types do not show the WebSocket under the transport.
  const { ws } = socket.io.engine.transport as unknown as { ws: WebSocket };
  return { pause: () => ws.pause(), resume: () => ws.resume(), close: () => void socket.disconnect() };
}

async function openGroup({ name, kind, url, count: wanted, subscriptions }: SocketGroup): Promise<void> {
  const state: GroupState = { first: sockets, opened: 0, ended: {}, failed: {} };
  states[name] = state;
  sockets += wanted;
  const opened: OpenSocket[] = [];
  groups.set(name, opened);
  let next = 0;
  async function openOneByOne(): Promise<void> {
    for (let i = next++; i < wanted; i = next++) {
      const ended = (how: string) => void (closing.has(name) || count(state.ended, how));
      try {
        opened[i] =
          kind === 'websocket'
            ? await openRaw(url, state.first + i, ended)
            : await openSocketIo(url, state.first + i, subscriptions[i % subscriptions.length], ended);
        state.opened += 1;
      } catch (error) {
        count(state.failed, messageOf(error));
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, openOneByOne));
}

function each(name: string, act: (socket: OpenSocket) => void): void {
  groups.get(name)?.forEach(act);
}

async function obey(order: SocketOrder): Promise<void> {
  if (order.order === 'open') await openGroup(order.group);
  if (order.order === 'pause') each(order.name, (socket) => socket.pause());
  if (order.order === 'resume') each(order.name, (socket) => socket.resume());
  if (order.order === 'close') {
    closing.add(order.name);
    each(order.name, (socket) => socket.close());
  }
  if (order.order === 'finish') {
    flush();
    done = true;
    report();
    await delay(50);
    process.exit(0);
  }
}

function report(): void {
  process.send?.({ groups: states, done });
}

process.on('message', (order: SocketOrder) => void obey(order));
process.on('disconnect', () => process.exit(0));
setInterval(report, 250);
