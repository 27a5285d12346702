import { paceMs, retryAfterMs } from './backoff.ts';

const LONGEST_DETAIL = 300;

/** What became of one attempt to hand in a snapshot. */
export type Outcome =
  /** `paceMs`: how far apart the server wants sends, where it says so. */
  | { kind: 'accepted'; paceMs: number | undefined }
  /** This snapshot will never be taken. */
  | { kind: 'rejected'; status: number; detail: string }
  /** Later, says the server. */
  | { kind: 'busy'; status: number; detail: string; retryAfterMs: number | undefined }
  /** Nothing will be taken before somebody puts something right: the token, the URL. */
  | { kind: 'refused'; status: number; detail: string }
  | { kind: 'unreachable'; reason: string };

export type PostSnapshot = (body: string, signal: AbortSignal) => Promise<Outcome>;

export interface IngestClientOptions {
  /** Full URL of the ingest route. */
  endpoint: string;
  agentId: string;
  token: string | undefined;
  /** `key=value,key=value`; an empty text tells the server that it has none any more. Absent: nothing is told. */
  labels?: string | undefined;
  timeoutMs: number;
  /** What the bodies are; JSON unless told. */
  mediaType?: 'application/json' | 'application/x-ndjson';
}

/**
 * A function that posts a snapshot, or several where the route takes them, and says what became of it; it never throws. Connections are kept alive by fetch
 * itself. Redirects are not followed: they would carry the token to another host.
 */
export function createIngestClient({
  endpoint,
  agentId,
  token,
  labels,
  timeoutMs,
  mediaType = 'application/json',
}: IngestClientOptions): PostSnapshot {
  const headers: Record<string, string> = { 'content-type': mediaType, 'x-agent-id': agentId };
  if (labels !== undefined) headers['x-agent-labels'] = labels;
  if (token !== undefined) headers['x-agent-token'] = token;

  return async function postSnapshot(body, signal) {
    // One controller a request: AbortSignal.any() on a signal that lives as long as the process leaks on Node.js 20.
    const controller = new AbortController();
    const abort = () => controller.abort();
    const timer = setTimeout(abort, timeoutMs);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      const response = await fetch(endpoint, {
        method: 'POST',
        headers,
        body,
        redirect: 'manual',
        signal: controller.signal,
      });
      // Read in any case: a connection whose answer was left unread is not used again.
      const text = await response.text();
      return toOutcome(response, text);
    } catch (error) {
      if (signal.aborted) return { kind: 'unreachable', reason: 'given up while stopping' };
      if (controller.signal.aborted)
        return { kind: 'unreachable', reason: `no answer within ${timeoutMs / 1000} s` };
      return { kind: 'unreachable', reason: describeFault(error) };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  };
}

function toOutcome({ status, ok, headers }: Response, text: string): Outcome {
  if (ok) return { kind: 'accepted', paceMs: paceMs(headers.get('ratelimit')) };
  const detail = describeDetail(text);
  switch (status) {
    case 429:
    case 503:
      return {
        kind: 'busy',
        status,
        detail,
        retryAfterMs: retryAfterMs(headers.get('retry-after'), Date.now()),
      };
    case 400:
    case 413:
    case 415:
    case 422:
      return { kind: 'rejected', status, detail };
    case 408:
      return { kind: 'unreachable', reason: `${status} ${detail}`.trim() };
    default:
      if (status >= 500) return { kind: 'unreachable', reason: `${status} ${detail}`.trim() };
      return { kind: 'refused', status, detail };
  }
}

/** The `detail` of an error answer on one line: a text, or a list of faults with their places. */
export function describeDetail(text: string): string {
  let detail: unknown = text;
  try {
    const parsed: unknown = JSON.parse(text);
    if (isRecord(parsed) && 'detail' in parsed) detail = parsed['detail'];
  } catch {
    // A proxy answers in its own words.
  }
  const words = Array.isArray(detail)
    ? detail.map(describeFieldFault).join('; ')
    : typeof detail === 'string'
      ? detail
      : JSON.stringify(detail);
  return onOneLine(words).slice(0, LONGEST_DETAIL);
}

function describeFieldFault(fault: unknown): string {
  if (!isRecord(fault)) return String(fault);
  const { loc, msg } = fault;
  return Array.isArray(loc) ? `${loc.join('.')}: ${String(msg)}` : JSON.stringify(fault);
}

/** fetch says "fetch failed" to everything; what happened stands in the cause, or in the causes of both IP versions. */
function describeFault(error: unknown): string {
  const cause = isRecord(error) && isRecord(error['cause']) ? error['cause'] : error;
  if (!isRecord(cause)) return onOneLine(String(cause));
  const message = typeof cause['message'] === 'string' ? cause['message'] : '';
  const code = typeof cause['code'] === 'string' ? cause['code'] : '';
  return onOneLine(message.includes(code) ? message : `${code} ${message}`);
}

/** What comes from outside must not move the cursor of the terminal that shows the log. */
function onOneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trim();
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
