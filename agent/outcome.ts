import type { Accepted, BatchAccepted } from '../core/contracts/snapshot.ts';
import { paceMs, retryAfterMs } from './backoff.ts';

const LONGEST_DETAIL = 300;

/** What became of one attempt to hand in snapshots. */
export type Outcome =
  /** `paceMs`: how far apart the server wants sends, where it says so. */
  | { kind: 'accepted'; paceMs: number | undefined }
  /** Topline itself says of what was sent that it will never be taken. */
  | { kind: 'rejected'; status: number; detail: string }
  /** Those of this time (epoch seconds) and later lie in the server's future: one of the two clocks is wrong. */
  | { kind: 'early'; from: number; detail: string }
  /** Later, says the server. */
  | { kind: 'busy'; status: number; detail: string; retryAfterMs: number | undefined }
  /** Nothing will be taken before somebody puts something right: the token, the URL, what stands in between. */
  | { kind: 'refused'; status: number; detail: string }
  /** `cutShort`: it broke off or took too long, which less at a time may not. */
  | { kind: 'unreachable'; reason: string; cutShort?: boolean };

/** What was sent: one snapshot, or a batch. */
export interface Sent {
  /** Epoch seconds, in their order. */
  timestamps: readonly number[];
  asBatch: boolean;
}

/** As the server declares its faults. */
interface Fault {
  loc: readonly unknown[];
  msg: unknown;
  type: unknown;
}

/**
 * What an answer means. Only Topline's own words count, for taken as for refused: a captive portal says 200 to anything, and
 * a proxy has refusals of its own, which end with the proxy.
 */
export function toOutcome(
  { status, ok, headers }: Pick<Response, 'status' | 'ok' | 'headers'>,
  text: string,
  sent: Sent,
): Outcome {
  const answer = parsed(text);
  const detail = describeDetail(text);
  if (ok) {
    if (isTaken(answer, sent)) return { kind: 'accepted', paceMs: paceMs(headers.get('ratelimit')) };
    return { kind: 'refused', status, detail };
  }
  switch (status) {
    case 429:
    case 503:
      return {
        kind: 'busy',
        status,
        detail,
        retryAfterMs: retryAfterMs(headers.get('retry-after'), Date.now()),
      };
    case 413:
      return { kind: hasDetail(answer) ? 'rejected' : 'refused', status, detail };
    case 422:
      return ofFaults(answer, detail, sent);
    case 408:
    case 504:
      return { kind: 'unreachable', reason: `${status} ${detail}`.trim(), cutShort: true };
    default:
      if (status >= 500) return { kind: 'unreachable', reason: `${status} ${detail}`.trim() };
      if (status >= 300 && status < 400) {
        const where = onOneLine(headers.get('location') ?? '').slice(0, LONGEST_DETAIL);
        return { kind: 'refused', status, detail: where === '' ? detail : `to ${where}` };
      }
      return { kind: 'refused', status, detail };
  }
}

function isTaken(answer: unknown, { timestamps, asBatch }: Sent): boolean {
  const [timestamp] = timestamps;
  if (timestamp === undefined || !isRecord(answer)) return false;
  const wanted: Accepted | BatchAccepted = asBatch
    ? { status: 'accepted', snapshots: timestamps.length }
    : { status: 'accepted', timestamp };
  return Object.entries(wanted).every(([key, value]) => answer[key] === value);
}

function ofFaults(answer: unknown, detail: string, { timestamps }: Sent): Outcome {
  const status = 422;
  if (!hasDetail(answer)) return { kind: 'refused', status, detail };
  const faults = Array.isArray(answer.detail) ? answer.detail.filter(isFault) : [];
  const early = faults.filter(({ type }) => type === 'too_far_in_the_future');
  const times = early.map(({ loc }) => timestamps[typeof loc[1] === 'number' ? loc[1] : 0] ?? Infinity);
  if (times.length > 0) return { kind: 'early', from: Math.min(...times), detail };
  // The id and the labels are in headers: they are this agent's options, and no fault of what was measured.
  const isAboutOptions = faults.length > 0 && faults.every(({ loc }) => loc[0] === 'header');
  return { kind: isAboutOptions ? 'refused' : 'rejected', status, detail };
}

/** Every error answer of Topline's has it. */
function hasDetail(answer: unknown): answer is { detail: unknown } {
  return isRecord(answer) && (typeof answer['detail'] === 'string' || Array.isArray(answer['detail']));
}

function isFault(value: unknown): value is Fault {
  return isRecord(value) && Array.isArray(value['loc']);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy answers in its own words.
    return undefined;
  }
}

/** The `detail` of an error answer on one line: a text, or a list of faults with their places. */
export function describeDetail(text: string): string {
  const answer = parsed(text);
  const detail: unknown = isRecord(answer) && 'detail' in answer ? answer['detail'] : titleOf(text);
  const words = Array.isArray(detail)
    ? detail.map(describeFieldFault).join('; ')
    : typeof detail === 'string'
      ? detail
      : JSON.stringify(detail);
  return onOneLine(words).slice(0, LONGEST_DETAIL);
}

/** A page is told by its title. */
function titleOf(text: string): string {
  return /<title[^>]*>([^<]+)</i.exec(text)?.[1] ?? text;
}

function describeFieldFault(fault: unknown): string {
  if (!isRecord(fault)) return String(fault);
  const { loc, msg } = fault;
  return Array.isArray(loc) ? `${loc.join('.')}: ${String(msg)}` : JSON.stringify(fault);
}

/** What comes from outside must not move the cursor of the terminal that shows the log. */
export function onOneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trim();
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
