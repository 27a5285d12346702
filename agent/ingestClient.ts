import { isRecord, onOneLine, toOutcome, type Outcome } from './outcome.ts';
import { readAnswer } from './readAnswer.ts';

/** A snapshot as it is sent. */
export interface Body {
  /** Epoch seconds. */
  timestamp: number;
  /** JSON, without a line end in it. */
  body: string;
  /** Whose it is: this agent's own unless told. */
  agentId?: string | undefined;
}

/** Those of one request are of one agent. */
export type PostSnapshots = (snapshots: readonly Body[], signal: AbortSignal) => Promise<Outcome>;

export interface IngestClientOptions {
  /** Full URL of the ingest route. */
  endpoint: string;
  agentId: string;
  token: string | undefined;
  /** `key=value,key=value`; an empty text tells the server that it has none any more. Absent: nothing is told. */
  labels?: string | undefined;
  /** How long a request may take by its size. */
  timeoutMs: (bytes: number) => number;
  /** Whether the route takes several, a line each; one as JSON unless told. */
  asBatch?: boolean;
}

/**
 * A function that posts a snapshot, or several where the route takes them, and says what became of it; it never throws.
 * Connections are kept alive by fetch itself. Redirects are not followed: they would carry the token to another host.
 */
export function createIngestClient({
  endpoint,
  agentId,
  token,
  labels,
  timeoutMs,
  asBatch = false,
}: IngestClientOptions): PostSnapshots {
  function headersFor(ofAgent: string): Record<string, string> {
    const headers: Record<string, string> = {
      'content-type': asBatch ? 'application/x-ndjson' : 'application/json',
      'x-agent-id': ofAgent,
    };
    if (labels !== undefined && ofAgent === agentId) headers['x-agent-labels'] = labels;
    if (token !== undefined) headers['x-agent-token'] = token;
    return headers;
  }

  return async function postSnapshots(snapshots, signal) {
    const body = snapshots.map((one) => one.body).join('\n');
    // One controller a request: AbortSignal.any() on a signal that lives as long as the process leaks on Node.js 20.
    const controller = new AbortController();
    const abort = () => controller.abort();
    const limitMs = timeoutMs(Buffer.byteLength(body));
    const timer = setTimeout(abort, limitMs);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      const response = await fetch(endpoint, {
        method: 'POST',
        headers: headersFor(snapshots[0]?.agentId ?? agentId),
        body,
        redirect: 'manual',
        signal: controller.signal,
      });
      const timestamps = snapshots.map(({ timestamp }) => timestamp);
      return toOutcome(response, await readAnswer(response), { timestamps, asBatch });
    } catch (error) {
      if (signal.aborted) return { kind: 'unreachable', reason: 'given up while stopping' };
      if (controller.signal.aborted)
        return { kind: 'unreachable', reason: `no answer within ${limitMs / 1000} s`, cutShort: true };
      return { kind: 'unreachable', reason: describeFault(error), cutShort: isBrokenOff(error) };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  };
}

/** fetch says "fetch failed" to everything; what happened stands in the cause, or in the causes of both IP versions. */
export function describeFault(error: unknown): string {
  const cause = isRecord(error) && isRecord(error['cause']) ? error['cause'] : error;
  if (!isRecord(cause)) return onOneLine(String(cause));
  const message = typeof cause['message'] === 'string' ? cause['message'] : '';
  const code = typeof cause['code'] === 'string' ? cause['code'] : '';
  const words = onOneLine(message.includes(code) ? message : `${code} ${message}`);
  return words === '' ? onOneLine(String(error)) : words;
}

/** Whether a connection that stood broke off: a proxy may have had enough of a long request. */
export function isBrokenOff(error: unknown): boolean {
  const cause = isRecord(error) && isRecord(error['cause']) ? error['cause'] : error;
  return isRecord(cause) && ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(String(cause['code']));
}
