import { isCanonicalSnapshot } from '../core/snapshot/canonical.ts';
import {
  DEFAULT_AGENT_ID,
  MAX_BATCH_BODY_BYTES,
  MAX_BATCH_SNAPSHOTS,
  snapshotSchema,
  type Snapshot,
} from '../core/contracts/snapshot.ts';
import type { BatchResult, Line } from './batchClient.ts';
import type { FileLine } from './snapshotFile.ts';

/** Most bytes of lines that wait for their batch to be full, over all agents: a file may have them in any order. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024;

/** What an import has done so far. */
export interface Account {
  lines: number;
  /** Handed in; with `dryRun`, those that would be. */
  snapshots: number;
  /** Of these, older than what the server keeps, as far as it tells. */
  expired: number;
  /** Lines that are no snapshots. */
  damaged: number;
  /** Snapshots that the server refused. */
  refused: number;
  agents: Set<string>;
  /** Epoch seconds. */
  oldest: number;
  newest: number;
}

export interface ImportTask {
  lines: AsyncIterable<FileLine>;
  /** Whose all of them are; undefined for whom each line names. */
  agentId: string | undefined;
  /** Undefined where nothing is to be handed in. */
  handIn: ((agentId: string, lines: readonly Line[]) => Promise<BatchResult>) | undefined;
  /** Told of each line that does not get in. */
  onBad: (number: number, reason: string) => void;
  /** Whether one such line is one too many. */
  strict: boolean;
  onProgress: (account: Account) => void;
}

/** Thrown at a bad line, where that was wanted. */
export class BadLineError extends Error {
  override readonly name = 'BadLineError';
}

interface Batch {
  lines: Line[];
  bytes: number;
}

export function createAccount(): Account {
  return {
    lines: 0,
    snapshots: 0,
    expired: 0,
    damaged: 0,
    refused: 0,
    agents: new Set(),
    oldest: Infinity,
    newest: -Infinity,
  };
}

/**
 * Hands in the snapshots of a file, in batches of one agent each; the account is kept up to date throughout. What was read
 * before a fault of the file is handed in before that fault is thrown.
 */
export async function importSnapshots(task: ImportTask, account: Account): Promise<void> {
  const waiting = new Map<string, Batch>();
  let waitingBytes = 0;

  async function flush(agentId: string): Promise<void> {
    const batch = waiting.get(agentId);
    if (batch === undefined) return;
    waiting.delete(agentId);
    waitingBytes -= batch.bytes;
    const { refused, expired } = (await task.handIn?.(agentId, batch.lines)) ?? { refused: [], expired: 0 };
    account.snapshots += batch.lines.length - refused.length;
    account.expired += expired;
    for (const { number, reason } of refused) {
      account.refused += 1;
      bad(number, reason);
    }
    task.onProgress(account);
  }

  function bad(number: number, reason: string): void {
    task.onBad(number, reason);
    if (task.strict) throw new BadLineError(`Stopped at line ${number}, as --strict has it`);
  }

  async function add({ number, text }: FileLine): Promise<void> {
    account.lines += 1;
    if (account.lines % 1_000 === 0) task.onProgress(account);
    const read = readSnapshot(text);
    if (read === undefined) return;
    if (typeof read === 'string') {
      account.damaged += 1;
      return bad(number, read);
    }
    const agentId = task.agentId ?? read.agent_id ?? DEFAULT_AGENT_ID;
    read.agent_id = agentId;
    account.agents.add(agentId);
    account.oldest = Math.min(account.oldest, read.timestamp);
    account.newest = Math.max(account.newest, read.timestamp);
    await put(agentId, { number, json: JSON.stringify(read) });
  }

  async function put(agentId: string, line: Line): Promise<void> {
    const bytes = Buffer.byteLength(line.json) + 1;
    if ((waiting.get(agentId)?.bytes ?? 0) + bytes > MAX_BATCH_BODY_BYTES) await flush(agentId);
    const batch = waiting.get(agentId) ?? { lines: [], bytes: 0 };
    waiting.set(agentId, batch);
    batch.lines.push(line);
    batch.bytes += bytes;
    waitingBytes += bytes;
    if (batch.lines.length >= MAX_BATCH_SNAPSHOTS) await flush(agentId);
    while (waitingBytes > MAX_WAITING_BYTES) await flush(largestOf(waiting));
  }

  let fault: unknown;
  try {
    for await (const line of task.lines) await add(line);
  } catch (error) {
    fault = error;
  }
  if (fault === undefined || isFaultOfFile(fault)) for (const agentId of waiting.keys()) await flush(agentId);
  if (fault !== undefined) throw fault as Error;
}

/** What zlib and the file system throw has a code; nothing else here does. */
export function isFaultOfFile(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && error.name !== 'AbortError'
  );
}

/** The snapshot of a line, or what is wrong with it; undefined for a blank one. */
function readSnapshot(text: string | undefined): Snapshot | string | undefined {
  if (text === undefined) return 'Too long for a snapshot';
  if (text.trim() === '') return undefined;
  let value: unknown;
  try {
    // Files have it in front, and joined ones within.
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return 'No JSON';
  }
  if (isCanonicalSnapshot(value)) return value;
  const { data, error } = snapshotSchema.safeParse(value);
  if (data !== undefined) return data;
  const [issue] = error?.issues ?? [];
  return `${issue?.path.join('.') || 'snapshot'}: ${issue?.message ?? 'cannot be used'}`;
}

function largestOf(waiting: Map<string, Batch>): string {
  let largest = '';
  for (const [agentId, { bytes }] of waiting)
    if (bytes > (waiting.get(largest)?.bytes ?? 0)) largest = agentId;
  return largest;
}
