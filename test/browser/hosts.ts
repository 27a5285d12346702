import { setInterval as every, setTimeout as delay } from 'node:timers/promises';
import type { Snapshot } from '../../core/contracts/snapshot.ts';
import { nowSeconds } from '../../core/time.ts';
import { recordedSnapshots } from '../support/snapshots.ts';

/** A host as the tests have it: what the recorded agent measured, from another place of the recording on. */
export interface Host {
  id: string;
  /** By how many snapshots it is ahead of the recording. */
  shift: number;
  labels?: string;
  /** A process of its own at the top of each of its snapshots, for what recorded ones lack. */
  process?: string;
  /** What it measures in place of what was recorded. */
  always?: Partial<Snapshot>;
}

/** As the recorded agent reported. */
export const STEP_SECONDS = 2;

/** Most that one request may bring. */
const BATCH = 1000;

const recording = recordedSnapshots(0);

/** Where the recording is at or above 90 % CPU for 22 s, by its snapshots: once within its first minutes. */
export const BURST_AT = recording.findIndex(({ total_cpu_percent }) => total_cpu_percent >= 90);

/** What a host measures at a time: always the same of the same second. */
export function measure({ shift, process, always }: Host, seconds: number): Snapshot {
  const index = (Math.floor(seconds / STEP_SECONDS) + shift) % recording.length;
  const recorded = recording[index] as Snapshot;
  const own = { pid: 4242, cpu_percent: 99.5, memory_mb: 64, thread_count: 2, handle_count: 9 };
  return {
    ...recorded,
    timestamp: seconds,
    top_processes:
      process === undefined
        ? recorded.top_processes
        : [{ name: process, ...own, io_read_mb: 0, io_write_mb: 0 }, ...recorded.top_processes.slice(0, 11)],
    ...always,
  };
}

/** The host whose burst begins at this second. */
export function hostWithBurstAt(host: Omit<Host, 'shift'>, seconds: number): Host {
  const steps = Math.floor(seconds / STEP_SECONDS) % recording.length;
  return { ...host, shift: (BURST_AT - steps + 2 * recording.length) % recording.length };
}

function headersOf({ id, labels }: Host, type: string): Record<string, string> {
  return {
    'Content-Type': type,
    'X-Agent-Id': id,
    ...(labels === undefined ? {} : { 'X-Agent-Labels': labels }),
  };
}

/** Hands in what a host measured over a while, oldest first. @throws {Error} with the answer to what was refused */
export async function handInHistory(url: string, host: Host, from: number, to: number): Promise<void> {
  const seconds: number[] = [];
  for (let at = from; at < to; at += STEP_SECONDS) seconds.push(at);
  for (let first = 0; first < seconds.length; first += BATCH) {
    const lines = seconds.slice(first, first + BATCH).map((at) => JSON.stringify(measure(host, at)));
    await post(`${url}/ingest/metrics/batch`, headersOf(host, 'application/x-ndjson'), lines.join('\n'));
  }
}

/** Hands in one snapshot of this moment. @throws {Error} with the answer, where it was refused */
export async function report(url: string, host: Host, changes: Partial<Snapshot> = {}): Promise<void> {
  const snapshot = { ...measure(host, nowSeconds()), ...changes };
  await post(`${url}/ingest/metrics`, headersOf(host, 'application/json'), JSON.stringify(snapshot));
}

/** A service on a machine that is busy with something else may ask to come back, as it asks agents. */
const ATTEMPTS = 10;

async function post(url: string, headers: Record<string, string>, body: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await fetch(url, { method: 'POST', headers, body });
    if (answer.ok) return;
    if (answer.status !== 503 || attempt === ATTEMPTS)
      throw new Error(`POST ${url} was answered ${answer.status}: ${await answer.text()}`);
    await delay(1000 * Number(answer.headers.get('Retry-After') ?? 1));
  }
}

/** Hosts that report as agents do, until they are stopped. */
export interface Reporting {
  stop(): Promise<void>;
}

/**
 * Reports for all hosts every two seconds. What a node that is away does not take is lost, as with an agent that keeps
 * nothing.
 */
export function startReporting(url: string, hosts: readonly Host[]): Reporting {
  const stopped = new AbortController();
  async function run(): Promise<void> {
    const round = () => Promise.allSettled(hosts.map((host) => report(url, host)));
    await round();
    for await (const _ of every(STEP_SECONDS * 1000, undefined, { signal: stopped.signal })) await round();
  }
  const ended = run().catch((error: unknown) => {
    if (!stopped.signal.aborted) throw error;
  });
  return {
    async stop() {
      stopped.abort();
      await ended;
    },
  };
}
