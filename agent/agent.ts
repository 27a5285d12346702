import type { Snapshot } from '../core/contracts/snapshot.ts';
import { createConnectionReport } from './connectionReport.ts';
import { openDiskBuffer } from './diskBuffer.ts';
import { createIngestClient } from './ingestClient.ts';
import { createKeptBuffer } from './keptBuffer.ts';
import { takeInLeftBuffers } from './leftBuffers.ts';
import { limitToOneAMinute, type Log } from './log.ts';
import type { AgentOptions } from './options.ts';
import type { Sampler } from './sampler.ts';
import { createSender } from './sender.ts';
import { sleep } from './sleep.ts';
import { runTicker } from './ticker.ts';
import { timeLimitMs } from './timeLimit.ts';

/** Nothing live waits longer behind a batch. */
const REQUEST_LIMITS = { shortestMs: 5_000, longestMs: 30_000 };
const MB = 1024 * 1024;
/** Time to hand in what is left when stopping. */
const GRACE_MS = 2000;

export interface Agent {
  /** Stops sampling, hands in what it can within two seconds, and logs the account. */
  stop(reason: string): Promise<void>;
}

/** Starts sampling and sending; resolves once the first measuring window is open. */
export async function startAgent(options: AgentOptions, sampler: Sampler, log: Log): Promise<Agent> {
  const { agentId } = options;
  const ticking = new AbortController();
  log(
    `Topline agent "${options.agentId}": a snapshot every ${options.intervalMs / 1000} s to ${options.endpoint} ` +
      `(${options.token === undefined ? 'no token' : 'with a token'}, up to ${options.bufferSize} kept while it is away` +
      `${options.disk === undefined ? '' : `, and ${options.disk.maxBytes / MB} MB of them in ${options.disk.directory}`})`,
  );
  const disk =
    options.disk === undefined
      ? undefined
      : openDiskBuffer({ ...options.disk, log, nowMs: () => performance.now() });
  if (disk !== undefined && options.disk?.root !== undefined) {
    const { root, directory } = options.disk;
    takeInLeftBuffers({ ...options, root, directory, disk, log });
  }
  const buffer = createKeptBuffer(options.bufferSize, disk);
  const timeoutMs = (bytes: number) => Math.round(timeLimitMs(bytes, REQUEST_LIMITS));
  const report = createConnectionReport(log, Date.now);
  const sender = createSender({
    post: createIngestClient({ ...options, timeoutMs }),
    postBatch: createIngestClient({
      ...options,
      endpoint: `${options.endpoint}/batch`,
      asBatch: true,
      timeoutMs,
    }),
    agentId,
    buffer,
    report,
    drainPaceMs: options.drainPaceMs,
    sleep,
    nowMs: () => performance.now(),
    random: Math.random,
  });
  const logFault = limitToOneAMinute(log, Date.now);

  async function sampleAndPush(timestamp: number): Promise<void> {
    try {
      // With the id in it, it may wait on disk for an agent of another one.
      const snapshot: Snapshot = { ...(await sampler.sample(timestamp)), agent_id: agentId };
      sender.push({ timestamp, body: JSON.stringify(snapshot), agentId });
    } catch (error) {
      // A host out of file descriptors must not lose its agent too: this tick is lost, the next may succeed.
      logFault(`could not take a snapshot: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  await sampler.open();
  sender.start();
  void runTicker({
    intervalMs: options.intervalMs,
    onTick: sampleAndPush,
    signal: ticking.signal,
    nowMs: Date.now,
    sleep,
  });

  async function stop(reason: string): Promise<void> {
    log(`stopping (${reason})`);
    // Not waited for: a slow sampler (macOS, Windows) may be at work, and what it measures comes too late.
    ticking.abort();
    await sender.stop(GRACE_MS);
    const waiting = buffer.size + buffer.aside;
    const isKept = buffer.close();
    const { accepted, rejected } = report.counts;
    const where = waiting > 0 && isKept ? `: kept in ${options.disk?.directory} for the next start` : '';
    log(
      `stopped: ${accepted} snapshots handed in, ${rejected} refused by the server, ` +
        `${buffer.dropped} dropped for want of room, ${waiting} not handed in${where}`,
    );
  }

  return { stop };
}
