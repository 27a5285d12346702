/**
 * Live clients, in a process of their own: Socket.IO clients subscribed to an agent each, and plain WebSockets. They
 * speak just enough of the protocol to know each snapshot by its figure and when it came; decoding every message, as a
 * page would, would make this process the thing that is measured.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { describeLatency } from '../statistics.ts';
import { monotonicUs } from './plan.ts';
import { agentName } from './requests.ts';
import { figureIn } from './snapshotFrame.ts';
import type { Received, SocketOrder, SocketPlan, SocketReport } from './socketPlan.ts';

/** How many connect at the same time: a crowd would only meet the limit of the listening port. */
const CONNECTING = 50;

/** Longest wait for what is still on its way. */
const PATIENCE_MS = 5_000;

/** What came, one entry in each list for each delivery. */
interface Deliveries {
  figures: number[];
  timesUs: number[];
}

const plan = JSON.parse(process.argv[2] ?? '{}') as SocketPlan;
const toSubscribers: Deliveries = { figures: [], timesUs: [] };
const toRaw: Deliveries = { figures: [], timesUs: [] };

function tell(report: SocketReport): void {
  process.send?.(report);
}

function connect(path: string): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${plan.port}${path}`, {
    perMessageDeflate: false,
    skipUTF8Validation: true,
  });
  // A measurement with sockets missing would be one of something else.
  socket.on('error', (error) => fail(`a socket failed: ${error.message}`));
  socket.on('close', (code) => fail(`the server closed a socket (${code})`));
  return socket;
}

function fail(reason: string): never {
  process.stderr.write(`live clients: ${reason}\n`);
  process.exit(1);
}

function note(frame: Buffer, deliveries: Deliveries): void {
  const figure = figureIn(frame);
  if (figure === undefined) return;
  deliveries.figures.push(figure);
  deliveries.timesUs.push(monotonicUs());
}

function openRaw(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect('/ws/metrics');
    socket.on('open', resolve);
    socket.on('message', (frame: Buffer) => note(frame, toRaw));
  });
}

/** Packets of Engine.IO 4 and Socket.IO 5: 0 open, 2 ping, 40 connect, 42 event, 43 acknowledgement. */
function openSubscriber(agentId: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect('/socket.io/?EIO=4&transport=websocket');
    socket.on('message', (frame: Buffer) => {
      const kind = frame.toString('latin1', 0, 3);
      if (kind.startsWith('42')) note(frame, toSubscribers);
      else if (kind.startsWith('43')) resolve();
      else if (kind.startsWith('40'))
        socket.send(`420["subscribe",${JSON.stringify({ agents: [agentId] })}]`);
      else if (kind.startsWith('0')) socket.send('40');
      else if (kind.startsWith('2')) socket.send('3');
    });
  });
}

async function inTurns(count: number, open: (index: number) => Promise<void>): Promise<void> {
  for (let first = 0; first < count; first += CONNECTING) {
    const some = Math.min(CONNECTING, count - first);
    await Promise.all(Array.from({ length: some }, (_, i) => open(first + i)));
  }
}

/** The agents send in turn, and so do subscribers take them: snapshot i is of agent i modulo their number. */
function expectedOf({ sendTimes }: SocketOrder): { subscribers: number; raw: number } {
  const subscribers = Array.from({ length: plan.agents }, () => 0);
  for (let i = 0; i < plan.subscribers; i += 1)
    subscribers[i % plan.agents] = (subscribers[i % plan.agents] ?? 0) + 1;
  return {
    subscribers: sendTimes.reduce((sum, _, i) => sum + (subscribers[i % plan.agents] ?? 0), 0),
    raw: sendTimes.length * plan.raw,
  };
}

async function received(order: SocketOrder): Promise<Received> {
  const expected = expectedOf(order);
  const missing = () =>
    expected.subscribers - toSubscribers.figures.length + expected.raw - toRaw.figures.length;
  for (const endsAt = Date.now() + PATIENCE_MS; missing() > 0 && Date.now() < endsAt;) await delay(20);
  const sent = new Map(order.sendTimes.filter(([, at]) => at >= order.fromUs && at < order.toUs));
  const latencyOf = ({ figures, timesUs }: Deliveries) =>
    describeLatency(
      figures.flatMap((figure, i) => {
        const sentUs = sent.get(figure);
        return sentUs === undefined ? [] : [((timesUs[i] ?? 0) - sentUs) / 1000];
      }),
    );
  return { subscribers: latencyOf(toSubscribers), raw: latencyOf(toRaw), missing: missing() };
}

process.on('disconnect', () => process.exit(0));
process.on('message', (order: SocketOrder) => {
  void received(order).then((found) => tell({ report: 'received', ...found }));
});

await inTurns(plan.raw, openRaw);
await inTurns(plan.subscribers, (i) => openSubscriber(agentName(i % plan.agents)));
tell({ report: 'open' });
