import { backoffMs } from './backoff.ts';
import { createBatchPolicy, fitting } from './backlog.ts';
import type { ConnectionReport, Failure } from './connectionReport.ts';
import type { PostSnapshots } from './ingestClient.ts';
import type { KeptBuffer, Prepared } from './keptBuffer.ts';
import type { Outcome } from './outcome.ts';
import type { Sleep } from './sleep.ts';

/** Nothing changes before a person acts: ask now and then. */
const REFUSED_PAUSE_MS = 30_000;
/** What cannot be taken now, while the rest is, is tried again so often. */
const ASIDE_MS = 60_000;
/** What the server does not take of another agent from this one is tried again so often. */
const OTHERS_PAUSE_MS = 10 * 60_000;
/** `Retry-After: 0`, or a date just past, must not turn into a busy loop. */
const SHORTEST_RETRY_MS = 250;
/** Share of a Retry-After added at random, so that a fleet told the same time does not come back in one moment. */
const RETRY_JITTER = 0.1;

export interface SenderOptions {
  post: PostSnapshots;
  /** Posts several, a line each. */
  postBatch: PostSnapshots;
  /** Of this agent; in the buffer may be snapshots of others. */
  agentId: string;
  buffer: KeptBuffer;
  report: ConnectionReport;
  /** From one send to the next while a backlog drains and the server does not say how much it allows. */
  drainPaceMs: number;
  sleep: Sleep;
  nowMs: () => number;
  /** 0..1 */
  random: () => number;
}

/**
 * Hands in snapshots, one request at a time, for as long as it takes: in order while none waits, and a backlog in batches
 * (backlog.ts).
 */
export interface Sender {
  push(snapshot: Prepared): void;
  start(): void;
  /** Hands in what is left until that fails or `graceMs` have passed. Later calls get the same promise. */
  stop(graceMs: number): Promise<void>;
}

export function createSender(options: SenderOptions): Sender {
  const { post, postBatch, buffer, report, sleep, nowMs, random } = options;
  const batches = createBatchPolicy(nowMs, pauseAfter);
  const pauses = new AbortController();
  const requests = new AbortController();
  let running: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;
  let wake: (() => void) | undefined;
  let failures = 0;
  let retryAsideMs = Infinity;
  let historyNotBeforeMs = -Infinity;

  async function run(): Promise<void> {
    for (;;) {
      const { taken, inBatch } = take();
      const [first] = taken;
      if (first !== undefined) {
        const startedMs = nowMs();
        const nextInMs = await (inBatch ? handInBatch(taken) : handIn(first));
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

  /** Takes out what is to be sent with the next request. */
  function take(): { taken: Prepared[]; inBatch: boolean } {
    if (nowMs() >= retryAsideMs) {
      retryAsideMs = Infinity;
      buffer.retryAside();
    }
    const onDiskOnly = nowMs() < historyNotBeforeMs ? 0 : buffer.onDiskOnly;
    const next = batches.next(buffer.size - buffer.onDiskOnly + onDiskOnly, onDiskOnly);
    if (next.kind === 'batch') return takeBatch(next.most);
    if (next.kind === 'newest') return { taken: buffer.takeNewestInMemory(1), inBatch: false };
    const oldest = buffer.take();
    if (oldest !== undefined) return { taken: [oldest], inBatch: false };
    // What is on disk only is history, and not for asking whether the server is back: what is measured next does that.
    return { taken: next.kind === 'probe' || onDiskOnly === 0 ? [] : buffer.takeNewest(1), inBatch: false };
  }

  function takeBatch(most: number): { taken: Prepared[]; inBatch: boolean } {
    const newest = nowMs() < historyNotBeforeMs ? buffer.takeNewestInMemory(most) : buffer.takeNewest(most);
    const ofOne = newest.slice(newest.findLastIndex(({ agentId }) => agentId !== newest.at(-1)?.agentId) + 1);
    const taken = newest.slice(newest.length - fitting(ofOne));
    reportingOverflow(() => buffer.putBack(newest.slice(0, newest.length - taken.length)));
    const [first] = taken;
    return { taken, inBatch: taken.length > 1 || (first !== undefined && buffer.isHistory(first)) };
  }

  /** As `handIn`; where batches are what the server minds, the snapshots are back in the buffer and it goes on at once. */
  async function handInBatch(snapshots: Prepared[]): Promise<number> {
    const startedMs = nowMs();
    const outcome = await postBatch(snapshots, requests.signal);
    const tookMs = nowMs() - startedMs;
    const isAboutBatches = batches.batchAnswered(outcome, { count: snapshots.length, tookMs });
    if (outcome.kind === 'accepted') {
      failures = 0;
      buffer.handedIn(snapshots);
      buffer.connected();
      report.accepted(buffer.size, snapshots.length);
      return paceAfter(outcome);
    }
    if (outcome.kind === 'early') return noteEarly(snapshots, outcome);
    const [first] = snapshots;
    if (outcome.kind === 'rejected' && snapshots.length === 1 && first !== undefined)
      return noteRejected(first, outcome);
    reportingOverflow(() => buffer.putBack(snapshots));
    if (isForbidden(outcome, first)) return 0;
    if (isAboutBatches || outcome.kind === 'rejected') {
      if (outcome.kind === 'busy') reportingOverflow(() => buffer.cutOff());
      return 0;
    }
    return noteFailure(outcome);
  }

  /** One attempt. Returns the milliseconds until the next: from its start after a success, from its end otherwise. */
  async function handIn(snapshot: Prepared): Promise<number> {
    const outcome = await post([snapshot], requests.signal);
    if (outcome.kind === 'accepted') {
      failures = 0;
      buffer.handedIn([snapshot]);
      buffer.connected();
      batches.singleAnswered();
      report.accepted(buffer.size);
      return paceAfter(outcome);
    }
    if (outcome.kind === 'rejected') {
      batches.singleAnswered();
      return noteRejected(snapshot, outcome);
    }
    if (outcome.kind === 'early') {
      batches.singleAnswered();
      return noteEarly([snapshot], outcome);
    }
    reportingOverflow(() => buffer.putBack([snapshot]));
    if (isForbidden(outcome, snapshot)) return 0;
    return noteFailure(outcome);
  }

  /** Whether the server does not let this agent speak for another: its history stays where it is, and holds up nothing. */
  function isForbidden(outcome: Outcome, first: Prepared | undefined): boolean {
    if (outcome.kind !== 'refused' || outcome.status !== 403) return false;
    if (first?.agentId === undefined || first.agentId === options.agentId || !buffer.isHistory(first))
      return false;
    historyNotBeforeMs = nowMs() + OTHERS_PAUSE_MS;
    report.forbidden(first.agentId, `403 ${outcome.detail}`, buffer.onDiskOnly);
    return true;
  }

  function noteRejected(snapshot: Prepared, outcome: Outcome & { kind: 'rejected' }): number {
    failures = 0;
    buffer.handedIn([snapshot]);
    buffer.connected();
    report.rejected(snapshot.timestamp, `${outcome.status} ${outcome.detail}`, buffer.size);
    return paceAfter(outcome);
  }

  /** Those that lie in the server's future wait for their time, or for whoever sets the clock; the others go again. */
  function noteEarly(snapshots: readonly Prepared[], { from, detail }: Outcome & { kind: 'early' }): number {
    failures = 0;
    const early = snapshots.filter(({ timestamp }) => timestamp >= from);
    reportingOverflow(() => {
      // Where it was taken from the others, behind which it does not wait.
      buffer.putBack(snapshots.filter(({ timestamp }) => timestamp < from));
      buffer.setAside(early);
    });
    retryAsideMs = Math.min(retryAsideMs, nowMs() + ASIDE_MS);
    report.early(`422 ${detail}`, buffer.aside);
    return buffer.size === 0 ? 0 : options.drainPaceMs;
  }

  function paceAfter(outcome: Outcome): number {
    if (buffer.size === 0) return 0;
    return (outcome.kind === 'accepted' ? outcome.paceMs : undefined) ?? options.drainPaceMs;
  }

  function noteFailure(failure: Failure): number {
    failures += 1;
    // Being slowed down is no outage; but what waits meanwhile must outlive this process, too.
    if (failure.kind !== 'busy' || failure.status !== 429) batches.connectionLost();
    reportingOverflow(() => buffer.cutOff());
    report.failed(failure, buffer.size);
    return pauseAfter(failure);
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
