import { isCanonicalSnapshot } from '../../core/snapshot/canonical.ts';
import { ALERT_LATENESS_SECONDS } from '../../core/contracts/alert.ts';
import {
  MAX_BATCH_SNAPSHOTS,
  MAX_SNAPSHOT_BYTES,
  snapshotSchema,
  type Snapshot,
} from '../../core/contracts/snapshot.ts';
import { InvalidRequestError, type FieldFault } from '../../core/errors.ts';
import { HttpError } from '../http/errors.ts';
import { splitLines } from '../http/ndjson.ts';
import type { IntakeItem } from './batching.ts';
import { check, MAX_FAULTS } from '../http/validation.ts';

/** A snapshot of a batch, and where it stood: its index in the array, or its line, both from 0. */
export interface Placed {
  index: number;
  snapshot: Snapshot;
}

export interface ParsedBatch {
  snapshots: Placed[];
  /** What is wrong with the others, in their order; once there are as many as are told, no further one is looked at. */
  faults: FieldFault[];
}

/**
 * Younger than this when it came, in seconds, a snapshot of a batch is as good as live: five intervals of the usual
 * agent, which may well gather as many before it sends.
 */
const LIVE_SECONDS = 10;

/**
 * The snapshots of a body that is an array or lines.
 *
 * @throws {HttpError} 413 for more than may come at once, 422 for what is no array, or for none at all
 */
export function parseBatch(body: { value: unknown } | { lines: string }): ParsedBatch {
  const batch: ParsedBatch = { snapshots: [], faults: [] };
  if ('lines' in body) {
    const lines = splitLines(body.lines, MAX_BATCH_SNAPSHOTS + 1);
    refuseLength(lines.length);
    for (const { index, text } of lines) {
      if (batch.faults.length >= MAX_FAULTS) break;
      takeLine(text, index, batch);
    }
  } else {
    const { value } = body;
    if (!Array.isArray(value)) throw invalid('Expected an array of snapshots', 'invalid_type');
    const values: unknown[] = value;
    refuseLength(values.length);
    for (let index = 0; index < values.length && batch.faults.length < MAX_FAULTS; index += 1)
      takeValue(values[index], index, batch);
  }
  return batch;
}

/**
 * What becomes of a snapshot of a batch by its age. The rest of the batch is late in any case: a watcher who saw it now
 * would take it for the present.
 *
 * @param newest the time of the request or of the newest snapshot of the batch, whichever is later, in epoch seconds: by
 *   it an agent whose clock is ahead has a past, too
 */
export function ageOf(timestamp: number, newest: number): IntakeItem['age'] {
  if (timestamp >= newest - LIVE_SECONDS) return 'live';
  return timestamp >= newest - ALERT_LATENESS_SECONDS ? 'late' : 'stale';
}

/** Whether all of a batch is as good as live. */
export function isAllLive(oldest: number, nowSeconds: number): boolean {
  return ageOf(oldest, nowSeconds) === 'live';
}

function takeLine(text: string, index: number, batch: ParsedBatch): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    batch.faults.push({ loc: ['body', index], msg: 'JSON decode error', type: 'json_invalid' });
    return;
  }
  takeValue(value, index, batch);
}

function takeValue(value: unknown, index: number, { snapshots, faults }: ParsedBatch): void {
  if (isCanonicalSnapshot(value)) {
    snapshots.push({ index, snapshot: value });
    return;
  }
  // The schema names every wrong item of a list: of a megabyte of them there would be half a million.
  if (JSON.stringify(value).length > MAX_SNAPSHOT_BYTES) {
    const msg = `Snapshot too large: at most ${MAX_SNAPSHOT_BYTES} bytes`;
    faults.push({ loc: ['body', index], msg, type: 'too_big' });
    return;
  }
  const result = check(snapshotSchema, value, ['body', index]);
  if ('data' in result) snapshots.push({ index, snapshot: result.data });
  else faults.push(...result.faults);
}

function refuseLength(length: number): void {
  if (length === 0) throw invalid('Expected at least one snapshot', 'too_small');
  if (length > MAX_BATCH_SNAPSHOTS)
    throw new HttpError(413, `Too many snapshots: at most ${MAX_BATCH_SNAPSHOTS} at once`);
}

function invalid(msg: string, type: string): InvalidRequestError {
  return new InvalidRequestError([{ loc: ['body'], msg, type }]);
}
