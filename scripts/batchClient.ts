import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { backoffMs, retryAfterMs } from '../agent/backoff.ts';
import { describeFault, isBrokenOff } from '../agent/ingestClient.ts';
import { describeDetail } from '../agent/outcome.ts';
import { readAnswer } from '../agent/readAnswer.ts';
import { timeLimitMs } from '../agent/timeLimit.ts';
import { batchAcceptedSchema, MAX_BATCH_BODY_BYTES } from '../core/contracts/snapshot.ts';

/** A snapshot to hand in, and where it stands in its file. */
export interface Line {
  number: number;
  /** Canonical JSON. */
  json: string;
}

/** What became of a batch: all of it is taken, but for what is refused. */
export interface BatchResult {
  refused: { number: number; reason: string }[];
  /** Taken, and older than what the server keeps, as far as it tells. */
  expired: number;
}

/** The server will take nothing before somebody does something about it; the message says what. */
export class HandInError extends Error {
  override readonly name = 'HandInError';
}

export interface BatchClientOptions {
  endpoint: string;
  token: string | undefined;
  signal: AbortSignal;
  /** Told why it waits. */
  onWait: (reason: string, ms: number) => void;
}

/** What takes longer goes in smaller batches. */
const REQUEST_LIMITS = { shortestMs: 10_000, longestMs: 60_000 };
/** A batch that took no longer may be twice as large the next time. */
const QUICK_MS = 10_000;
/** So long without a success, and it is given up. */
const GIVE_UP_MS = 10 * 60_000;
const SHORTEST_RETRY_MS = 250;

const toplinesRefusalSchema = z.object({ detail: z.union([z.string(), z.array(z.unknown())]) });
const faultsSchema = z.object({
  detail: z.array(z.object({ loc: z.array(z.union([z.string(), z.number()])), msg: z.string() })),
});

interface Answer {
  status: number;
  ok: boolean;
  headers: Headers;
  text: string;
  tookMs: number;
}

/**
 * A function that hands in lines of one agent, for as long as it takes. What it is given must fit into one batch.
 *
 * It throws a {@link HandInError} where nothing will be taken, and the signal's reason once that is aborted.
 */
export function createBatchClient({ endpoint, token, signal, onWait }: BatchClientOptions) {
  /** When the next batch of an agent may go, by the clock of `performance`. */
  const notBefore = new Map<string, number>();
  let failures = 0;
  let failingSinceMs: number | undefined;
  /** What the line takes in one request, as far as is known. */
  let mostBytes = MAX_BATCH_BODY_BYTES;

  async function post(
    agentId: string,
    lines: readonly Line[],
  ): Promise<Answer | { unreachable: string; cutShort: boolean }> {
    const startedMs = performance.now();
    const timeout = AbortSignal.timeout(timeLimitMs(bytesOf(lines), REQUEST_LIMITS));
    try {
      const response = await fetch(endpoint, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-ndjson',
          'x-agent-id': agentId,
          ...(token === undefined ? {} : { 'x-agent-token': token }),
        },
        body: lines.map(({ json }) => json).join('\n'),
        // They would carry the token to another host.
        redirect: 'manual',
        signal: AbortSignal.any([signal, timeout]),
      });
      const { status, ok, headers } = response;
      const text = await readAnswer(response);
      return { status, ok, headers, text, tookMs: performance.now() - startedMs };
    } catch (error) {
      signal.throwIfAborted();
      if (timeout.aborted) return { unreachable: 'no answer in time', cutShort: true };
      return { unreachable: describeFault(error), cutShort: isBrokenOff(error) };
    }
  }

  async function waitFor(reason: string, ms: number): Promise<void> {
    onWait(reason, ms);
    await delay(ms, undefined, { signal });
  }

  async function tryLater(reason: string, askedMs: number | undefined): Promise<void> {
    failures += 1;
    failingSinceMs ??= performance.now();
    if (performance.now() - failingSinceMs > GIVE_UP_MS)
      throw new HandInError(`No success for ten minutes, given up: ${reason}`);
    const ms = askedMs === undefined ? backoffMs(failures, Math.random()) : askedMs + SHORTEST_RETRY_MS;
    await waitFor(reason, ms);
  }

  /** In as many requests as the line needs. */
  async function handIn(agentId: string, lines: readonly Line[]): Promise<BatchResult> {
    const result: BatchResult = { refused: [], expired: 0 };
    for (let rest = lines; rest.length > 0;) {
      const part = rest.slice(0, fitting(rest, mostBytes));
      const partly = await handInOnce(agentId, part);
      if (partly === undefined) continue;
      result.refused.push(...partly.refused);
      result.expired += partly.expired;
      rest = rest.slice(part.length);
    }
    return result;
  }

  /** Undefined where nothing came of it, and it is worth another try, of as many or fewer. */
  async function handInOnce(agentId: string, lines: readonly Line[]): Promise<BatchResult | undefined> {
    const waitMs = (notBefore.get(agentId) ?? 0) - performance.now();
    if (waitMs > 0) await waitFor(`leaving room for the agent ${agentId}`, waitMs);
    const answer = await post(agentId, lines);
    if ('unreachable' in answer) {
      if (answer.cutShort) halve(lines);
      await tryLater(answer.unreachable, undefined);
      return undefined;
    }
    const { status, headers, text } = answer;
    const reason = `${status} ${describeDetail(text)}`;
    if (answer.ok) {
      const taken = batchAcceptedSchema.safeParse(parsed(text)).data;
      if (taken?.snapshots !== lines.length) throw new HandInError(whatToDo(status, reason, endpoint));
      [failures, failingSinceMs] = [0, undefined];
      notBefore.set(agentId, performance.now() + pauseMs(headers));
      if (answer.tookMs < QUICK_MS) mostBytes = Math.min(mostBytes * 2, MAX_BATCH_BODY_BYTES);
      return { refused: [], expired: taken.expired ?? 0 };
    }
    if (status === 429 || status === 408 || status >= 500) {
      if (status === 408 || status === 504) halve(lines);
      await tryLater(reason, retryAfterMs(headers.get('retry-after'), Date.now()));
      return undefined;
    }
    const refusal = toplinesRefusalSchema.safeParse(parsed(text)).data;
    const isOfTopline = refusal !== undefined && !isAboutHeaders(text);
    if ((status === 422 || status === 413) && isOfTopline)
      return handInRest(agentId, lines, { text, reason });
    // A proxy in between has a limit of its own.
    if (status === 413 && lines.length > 1) {
      halve(lines);
      return undefined;
    }
    throw new HandInError(whatToDo(status, reason, endpoint));
  }

  function halve(lines: readonly Line[]): void {
    mostBytes = Math.ceil(bytesOf(lines) / 2);
  }

  /** Without the lines that the server names; by halves where it names none. */
  async function handInRest(
    agentId: string,
    lines: readonly Line[],
    { text, reason }: { text: string; reason: string },
  ): Promise<BatchResult> {
    const reasons = faultsOf(text);
    const bad = lines.flatMap(({ number }, i) => {
      const why = reasons.get(i);
      return why === undefined ? [] : [{ number, reason: why }];
    });
    if (bad.length === 0 && lines.length === 1)
      return { refused: lines.map(({ number }) => ({ number, reason })), expired: 0 };
    const middle = Math.ceil(lines.length / 2);
    const rest =
      bad.length > 0
        ? [lines.filter((_, i) => !reasons.has(i))]
        : [lines.slice(0, middle), lines.slice(middle)];
    const result: BatchResult = { refused: bad, expired: 0 };
    for (const part of rest) {
      if (part.length === 0) continue;
      const { refused, expired } = await handIn(agentId, part);
      result.refused.push(...refused);
      result.expired += expired;
    }
    return result;
  }

  return handIn;
}

function bytesOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { json }) => sum + Buffer.byteLength(json) + 1, 0);
}

/** How many of the first lines fit into so many bytes; at least one is tried. */
function fitting(lines: readonly Line[], most: number): number {
  let bytes = 0;
  const over = lines.findIndex(({ json }) => (bytes += Buffer.byteLength(json) + 1) > most);
  return over === -1 ? lines.length : Math.max(over, 1);
}

/** Whether it is the id of the agent that is refused, and no line. */
function isAboutHeaders(text: string): boolean {
  const faults = faultsSchema.safeParse(parsed(text)).data?.detail ?? [];
  return faults.length > 0 && faults.every(({ loc }) => loc[0] === 'header');
}

/** What is wrong with each line, by its place in the batch. */
function faultsOf(text: string): Map<number, string> {
  const faults = faultsSchema.safeParse(parsed(text));
  const reasons = new Map<number, string>();
  for (const { loc, msg } of faults.data?.detail ?? []) {
    const [, index, ...path] = loc;
    if (typeof index === 'number' && !reasons.has(index))
      reasons.set(index, path.length > 0 ? `${path.join('.')}: ${msg}` : msg);
  }
  return reasons;
}

/**
 * How long to leave an agent's limit alone, from the headers `RateLimit` (`"agent";r=87;t=31`) and `RateLimit-Policy`
 * (`"agent";q=120;w=60`): once half of it is used up, batches go no faster than the other half comes back.
 */
export function pauseMs(headers: Headers): number {
  const number = (name: string, key: string) =>
    Number(new RegExp(`;\\s*${key}=(\\d+)`).exec(headers.get(name) ?? '')?.[1] ?? NaN);
  const [remaining, most, seconds] = [
    number('ratelimit', 'r'),
    number('ratelimit-policy', 'q'),
    number('ratelimit-policy', 'w'),
  ];
  return remaining < most / 2 ? (seconds * 1000) / (most / 2) : 0;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function whatToDo(status: number, reason: string, endpoint: string): string {
  if (status === 401)
    return `The server refuses the token (${reason}): set the right one with --token or AGENT_API_TOKEN`;
  if (status === 403)
    return `The token is that of another agent, or a proxy refuses the request (${reason}): use AGENT_API_TOKEN, or that agent's own`;
  if (status >= 200 && status < 300)
    return `The answer of ${endpoint} is not Topline's (${reason}): is there a sign-in page or a proxy in between?`;
  if (status === 413)
    return `A proxy in front of the server takes no request as large as one snapshot (${reason}): raise its limit`;
  return `Unexpected answer of ${endpoint} (${reason}): does --url name a Topline server?`;
}
