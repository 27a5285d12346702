import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** What the client wrote down of one snapshot. */
export interface Entry {
  agentId: string;
  sequence: number;
  hash: string;
  /** When it was to be posted first, in epoch ms. */
  sentAt: number;
  posts: number;
  acknowledged: boolean;
}

export interface Timing {
  answered: number;
  /** In ms. */
  p50: number;
  p99: number;
  max: number;
  /** Requests that were never answered while the connection stood. */
  hung: number;
  byStatus: Record<string, number>;
}

/** A ledger file, read back. */
export interface Ledger {
  /** By identity. */
  entries: Map<string, Entry>;
  acknowledged: number;
  /** Attempts beyond the first of each snapshot. */
  repeats: number;
  /** Answer times by the phase in which the request was sent. */
  timings: Map<string, Timing>;
}

export async function readLedger(files: readonly string[]): Promise<Ledger> {
  const entries = new Map<string, Entry>();
  const times = new Map<string, { ms: number[]; byStatus: Record<string, number> }>();
  for (const file of files) {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      const [kind, identity = '', ...rest] = line.split('\t');
      if (kind === 'sent') {
        const [agentId = '', sequence = '', hash = '', sentAt = ''] = rest;
        entries.set(identity, {
          agentId,
          sequence: Number(sequence),
          hash,
          sentAt: Number(sentAt),
          posts: 0,
          acknowledged: false,
        });
        continue;
      }
      const entry = entries.get(identity);
      if (entry === undefined) throw new Error(`the ledger knows nothing of ${identity}`);
      if (kind === 'post') entry.posts += 1;
      if (kind === 'answer') {
        const [status = '', ms = '', phase = ''] = rest;
        if (status === '200') entry.acknowledged = true;
        const inPhase = times.get(phase) ?? { ms: [], byStatus: {} };
        times.set(phase, inPhase);
        inPhase.byStatus[status] = (inPhase.byStatus[status] ?? 0) + 1;
        // Where there was no connection there was no answer, fast or slow.
        if (status !== '0' && status !== '2') inPhase.ms.push(Number(ms));
      }
    }
  }
  let acknowledged = 0;
  let repeats = 0;
  for (const entry of entries.values()) {
    if (entry.acknowledged) acknowledged += 1;
    repeats += Math.max(0, entry.posts - 1);
  }
  const timings = [...times].map(([phase, { ms, byStatus }]) => [phase, timingOf(ms, byStatus)] as const);
  return { entries, acknowledged, repeats, timings: new Map(timings) };
}

function timingOf(ms: number[], byStatus: Record<string, number>): Timing {
  const sorted = ms.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return {
    answered: sorted.length,
    p50: at(0.5),
    p99: at(0.99),
    max: sorted.at(-1) ?? 0,
    hung: byStatus['1'] ?? 0,
    byStatus,
  };
}
