import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { backoffMs, retryAfterMs } from '../agent/backoff.ts';
import { describeDetail } from '../agent/outcome.ts';
import { messageOf } from '../core/errors.ts';

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

const REQUEST_TIMEOUT_MS = 60_000;
/** So long without a success, and it is given up. */
const GIVE_UP_MS = 10 * 60_000;
const SHORTEST_RETRY_MS = 250;

const takenSchema = z.object({ expired: z.number().int().optional() });
const faultsSchema = z.object({
  detail: z.array(z.object({ loc: z.array(z.union([z.string(), z.number()])), msg: z.string() })),
});

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

  async function post(agentId: string, lines: readonly Line[]): Promise<Response | { unreachable: string }> {
    try {
      return await fetch(endpoint, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-ndjson',
          'x-agent-id': agentId,
          ...(token === undefined ? {} : { 'x-agent-token': token }),
        },
        body: lines.map(({ json }) => json).join('\n'),
        // They would carry the token to another host.
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
      });
    } catch (error) {
      signal.throwIfAborted();
      return {
        unreachable: error instanceof Error && error.cause ? messageOf(error.cause) : messageOf(error),
      };
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

  async function handIn(agentId: string, lines: readonly Line[]): Promise<BatchResult> {
    for (;;) {
      const waitMs = (notBefore.get(agentId) ?? 0) - performance.now();
      if (waitMs > 0) await waitFor(`leaving room for the agent ${agentId}`, waitMs);
      const answer = await post(agentId, lines);
      if ('unreachable' in answer) {
        await tryLater(answer.unreachable, undefined);
        continue;
      }
      const text = await answer.text();
      const reason = `${answer.status} ${describeDetail(text)}`;
      if (answer.ok) {
        [failures, failingSinceMs] = [0, undefined];
        notBefore.set(agentId, performance.now() + pauseMs(answer.headers));
        const taken = takenSchema.safeParse(parsed(text));
        return { refused: [], expired: taken.data?.expired ?? 0 };
      }
      if (answer.status === 429 || answer.status === 408 || answer.status >= 500)
        await tryLater(reason, retryAfterMs(answer.headers.get('retry-after'), Date.now()));
      else if (answer.status === 422 || answer.status === 413)
        return handInRest(agentId, lines, { text, reason });
      else throw new HandInError(whatToDo(answer.status, reason, endpoint));
    }
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
    return `The token is that of another agent (${reason}): use AGENT_API_TOKEN, or that agent's own`;
  return `Unexpected answer of ${endpoint} (${reason}): does --url name a Topline server?`;
}
