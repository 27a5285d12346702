/**
 * The load generator, a process of its own: keep-alive connections with one request under way on each, over bare
 * sockets. Whatever it spends is taken from the machine that is measured, so it does as little as it can for each
 * request, and its own CPU time stands beside the others' in every result.
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describeLatency } from '../statistics.ts';
import { monotonicUs, type LoadPlan, type Measured, type Order, type Report } from './plan.ts';
import { createReads, createRequests } from './requests.ts';
import { createResponseReader } from './responses.ts';

interface Connection {
  socket: Socket;
  scratch: Buffer;
  /** When the request under way was sent or, at a given rate, due; in ms. */
  since: number;
}

const TICK_MS = 1;
const REPORT_MS = 50;

const plan = JSON.parse(process.argv[2] ?? '{}') as LoadPlan;
const requests =
  plan.gets.length > 0
    ? createReads(plan.gets)
    : createRequests({ ...plan, snapshots: readFileSync(plan.snapshotsFile, 'utf8').trim().split('\n') });
const batch = plan.snapshotsARequest;

let stopping = false;
let underWay = 0;
let sent = 0;
let acknowledged = 0;
let allowed = plan.onAllowance ? 0 : Infinity;
/** When requests that found no connection free were due. */
const overdue: number[] = [];
const idle: Connection[] = [];
const sendTimes: [number, number][] = [];
let measuring: { since: number; timesMs: number[]; before: number; late: number } | undefined;
let answers: Record<string, number> = {};

function tell(report: Report): void {
  process.send?.(report);
}

function send(connection: Connection, since: number): void {
  const length = requests.write(connection.scratch, Math.floor(Date.now() / 1000));
  connection.since = since;
  sent += batch;
  underWay += 1;
  if (plan.keepSendTimes) sendTimes.push([requests.lastFigure, monotonicUs()]);
  connection.socket.write(connection.scratch.subarray(0, length));
}

/** What a connection does that is free: its next request, or waiting. */
function next(connection: Connection): void {
  if (stopping) return;
  if (plan.perSecond > 0) {
    const due = overdue.shift();
    if (due === undefined) idle.push(connection);
    else send(connection, due);
  } else if (sent + batch > allowed) idle.push(connection);
  else send(connection, performance.now());
}

function answered(connection: Connection, status: number): void {
  underWay -= 1;
  answers[status] = (answers[status] ?? 0) + 1;
  if (status >= 200 && status < 300) {
    acknowledged += batch;
    measuring?.timesMs.push(performance.now() - connection.since);
  }
  if (stopping && underWay === 0) finish();
  else next(connection);
}

function fail(reason: string): never {
  process.stderr.write(`load generator: ${reason}\n`);
  process.exit(1);
}

function open(port: number): Promise<Connection> {
  return new Promise((resolve) => {
    const reader = createResponseReader();
    const socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(64 * 1024),
        callback: (length, buffer) => {
          const status = reader.read((buffer as Buffer).subarray(0, length));
          if (status !== undefined) answered(connection, status);
          return true;
        },
      },
    });
    const connection = { socket, scratch: Buffer.allocUnsafe(requests.maxBytes), since: 0 };
    socket.on('error', (error) => fail(error.message));
    // A measurement with connections missing would be one of something else.
    socket.on('close', () => stopping || fail('the server closed a connection'));
    socket.on('connect', () => resolve(connection));
  });
}

function start(): void {
  if (plan.perSecond > 0) pace();
  for (const connection of idle.splice(0)) next(connection);
}

/** Sends what is due. Times count from then, also where no connection was free: waiting is part of an answer's time. */
function pace(): void {
  const began = performance.now();
  let due = 0;
  setInterval(() => {
    if (stopping) return;
    const now = performance.now();
    while (began + (due * 1000 * batch) / plan.perSecond <= now) {
      const at = began + (due * 1000 * batch) / plan.perSecond;
      due += 1;
      const connection = idle.pop();
      if (connection !== undefined) send(connection, at);
      else {
        overdue.push(at);
        if (measuring !== undefined) measuring.late += 1;
      }
    }
  }, TICK_MS);
}

function allow(snapshots: number): void {
  allowed = snapshots;
  while (idle.length > 0 && sent + batch <= allowed) {
    const connection = idle.pop();
    if (connection !== undefined) send(connection, performance.now());
  }
}

function measured(): Measured {
  const { since, timesMs, before, late } = measuring ?? fail('nothing was being measured');
  measuring = undefined;
  return {
    seconds: (performance.now() - since) / 1000,
    acknowledged: acknowledged - before,
    latency: describeLatency(timesMs),
    answers,
    late,
  };
}

function finish(): void {
  tell({ report: 'stopped', acknowledged, sendTimes });
}

process.on('disconnect', () => process.exit(0));
process.on('message', (message: Order) => {
  switch (message.order) {
    case 'start':
      return start();
    case 'allow':
      return allow(message.snapshots);
    case 'begin':
      answers = {};
      measuring = { since: performance.now(), timesMs: [], before: acknowledged, late: 0 };
      return undefined;
    case 'end':
      return tell({ report: 'measured', ...measured() });
    case 'stop':
      stopping = true;
      if (underWay === 0) finish();
  }
});

idle.push(
  ...(await Promise.all(
    Array.from({ length: plan.connections }, (_, i) => open(plan.ports[i % plan.ports.length] ?? 0)),
  )),
);
setInterval(() => tell({ report: 'acknowledged', snapshots: acknowledged }), REPORT_MS);
tell({ report: 'connected', snapshotBytes: requests.snapshotBytes });
