import { readFile } from 'node:fs/promises';
import type { Entry } from './ledger.ts';
import { figureOf } from './plan.ts';
import { FLOATS_PER_ARRIVAL } from './socketPlan.ts';

/** A span of time, in epoch ms; snapshots posted within it are looked at. */
export interface Span {
  from: number;
  to: number;
}

/** A socket that read all the time, and what it was to get. */
export interface HealthySocket {
  number: number;
  wants: (agentId: string) => boolean;
}

export interface Deliveries {
  expected: number;
  missed: number;
  doubled: number;
  /** Of an agent the socket had not subscribed to, or of nobody. */
  foreign: number;
  /** By span, time from the post to each arrival, in ms, sorted. */
  delays: number[][];
}

/**
 * Compares what came to the healthy sockets with what was acknowledged: each snapshot once to each that wants it. Time
 * counts from the moment the snapshot is posted, so that it is never negative: it may arrive before its own answer does.
 *
 * @param spans in order of time; only snapshots posted within one of them are looked at
 */
export async function compareDeliveries(
  entries: Iterable<Entry>,
  arrivalsFile: string,
  sockets: readonly HealthySocket[],
  spans: readonly Span[],
): Promise<Deliveries> {
  const posted = new Map<number, { agentId: string; sentAt: number; span: number; acknowledged: boolean }>();
  for (const { agentId, sequence, sentAt, acknowledged } of entries) {
    const span = spans.findIndex(({ from, to }) => sentAt >= from && sentAt < to);
    const figure = figureOf(Number(agentId.split('-').at(-1)), sequence);
    posted.set(figure, { agentId, sentAt, span, acknowledged });
  }
  const result: Deliveries = {
    expected: 0,
    missed: 0,
    doubled: 0,
    foreign: 0,
    delays: spans.map(() => []),
  };
  const due = new Map(sockets.map((socket) => [socket.number, new Map<number, number>()]));
  const bySocket = new Map(sockets.map((socket) => [socket.number, socket]));
  const bytes = await readFile(arrivalsFile);
  // A copy of its own begins where a float may begin.
  const floats = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  for (let i = 0; i < floats.length; i += FLOATS_PER_ARRIVAL) {
    const [number = -1, figure = -1, at = 0] = floats.subarray(i, i + FLOATS_PER_ARRIVAL);
    const socket = bySocket.get(number);
    if (socket === undefined) continue;
    const snapshot = posted.get(figure);
    if (snapshot === undefined || !socket.wants(snapshot.agentId)) {
      result.foreign += 1;
      continue;
    }
    if (snapshot.span < 0) continue;
    const counts = due.get(number);
    counts?.set(figure, (counts.get(figure) ?? 0) + 1);
    result.delays[snapshot.span]?.push(at - snapshot.sentAt);
  }
  for (const { number, wants } of sockets) {
    for (const [figure, { agentId, span, acknowledged }] of posted) {
      if (span < 0 || !acknowledged || !wants(agentId)) continue;
      const count = due.get(number)?.get(figure) ?? 0;
      result.expected += 1;
      if (count === 0) result.missed += 1;
      if (count > 1) result.doubled += 1;
    }
  }
  for (const delays of result.delays) delays.sort((a, b) => a - b);
  return result;
}
