import { backoffMs } from './backoff.ts';
import type { ConnectionReport, Failure } from './connectionReport.ts';
import type { PostSnapshot } from './ingestClient.ts';
import type { Sleep } from './sleep.ts';
import type { SnapshotBuffer } from './snapshotBuffer.ts';

/** Nothing changes before a person acts: ask now and then. */
const REFUSED_PAUSE_MS = 30_000;
/** `Retry-After: 0`, or a date just past, must not turn into a busy loop. */
const SHORTEST_RETRY_MS = 250;
/** Share of a Retry-After added at random, so that a fleet told the same time does not come back in one moment. */
const RETRY_JITTER = 0.1;

/** A snapshot made ready when it was taken, so that waiting costs 1.4 KB of text instead of objects. */
export interface Prepared {
  /** Epoch seconds. */
  timestamp: number;
  /** JSON. */
  body: string;
}

export interface SenderOptions {
  post: PostSnapshot;
  buffer: SnapshotBuffer<Prepared>;
  report: ConnectionReport;
  /** From one send to the next while a backlog drains and the server does not say how much it allows. */
  drainPaceMs: number;
  sleep: Sleep;
  nowMs: () => number;
  /** 0..1 */
  random: () => number;
}

/** Hands in snapshots in order, one at a time, for as long as it takes. */
export interface Sender {
  push(snapshot: Prepared): void;
  start(): void;
  /** Hands in what is left until that fails or `graceMs` have passed. Later calls get the same promise. */
  stop(graceMs: number): Promise<void>;
}

export function createSender(options: SenderOptions): Sender {
  const { post, buffer, report, sleep, nowMs, random } = options;
  const pauses = new AbortController();
  const requests = new AbortController();
  let running: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;
  let wake: (() => void) | undefined;
  let failures = 0;

  async function run(): Promise<void> {
    for (;;) {
      const next = buffer.take();
      if (next !== undefined) {
        const startedMs = nowMs();
        const nextInMs = await handIn(next);
        const stopping = pauses.signal.aborted;
        if (stopping && failures > 0) return;
        const pauseMs = nextInMs - (failures > 0 ? 0 : nowMs() - startedMs);
        if (!stopping && pauseMs > 0) await sleep(pauseMs, pauses.signal);
      } else if (pauses.signal.aborted) {
        return;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  }

  /** One attempt. Returns the milliseconds until the next: from its start after a success, from its end otherwise. */
  async function handIn(snapshot: Prepared): Promise<number> {
    const outcome = await post(snapshot.body, requests.signal);
    if (outcome.kind === 'accepted' || outcome.kind === 'rejected') {
      failures = 0;
      if (outcome.kind === 'accepted') report.accepted(buffer.size);
      else report.rejected(snapshot.timestamp, `${outcome.status} ${outcome.detail}`, buffer.size);
      if (buffer.size === 0) return 0;
      return (outcome.kind === 'accepted' ? outcome.paceMs : undefined) ?? options.drainPaceMs;
    }
    failures += 1;
    reportingOverflow(() => buffer.putBack(snapshot));
    report.failed(outcome, buffer.size);
    return pauseAfter(outcome);
  }

  function pauseAfter(failure: Failure): number {
    if (failure.kind === 'refused') return REFUSED_PAUSE_MS;
    if (failure.kind === 'busy' && failure.retryAfterMs !== undefined) {
      return Math.max(failure.retryAfterMs, SHORTEST_RETRY_MS) * (1 + RETRY_JITTER * random());
    }
    return backoffMs(failures, random());
  }

  function reportingOverflow(change: () => void): void {
    const before = buffer.dropped;
    change();
    if (buffer.dropped > before) report.overflowed(buffer.dropped);
  }

  async function finish(graceMs: number): Promise<void> {
    const deadline = setTimeout(() => requests.abort(), graceMs);
    pauses.abort();
    wake?.();
    await running;
    clearTimeout(deadline);
  }

  return {
    push(snapshot) {
      reportingOverflow(() => buffer.push(snapshot));
      wake?.();
    },
    start() {
      running ??= run();
    },
    stop: (graceMs) => (stopped ??= finish(graceMs)),
  };
}
