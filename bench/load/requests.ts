/** A snapshot as its agent sent it, as text; each is sent many times with other figures in place of two of its own. */
export interface RequestOptions {
  /** One JSON text each. */
  snapshots: readonly string[];
  /** Ids of as many agents, who send in turn. */
  agents: number;
  path: string;
  /** More than one: as lines of NDJSON. */
  snapshotsARequest: number;
}

export interface Requests {
  /** No request is longer. */
  readonly maxBytes: number;
  /** Mean length of one snapshot, in bytes. */
  readonly snapshotBytes: number;
  /** The figure in `system_memory_used_mb` of the last snapshot written, in hundredths of a MB: it names the snapshot. */
  readonly lastFigure: number;
  /** Writes the next request into the buffer and returns its length. */
  write(into: Buffer, nowSeconds: number): number;
}

const TIMESTAMP_WIDTH = 10;

/**
 * Stands in place of `system_memory_used_mb`. Figures count up from 10000.00 to 99999.99, so that for nine million
 * snapshots in a row no two are the same, and none is a duplicate to the service.
 */
const FIGURE = '10000.00';
const FIRST_FIGURE = 1_000_000;
const FIGURES = 9_000_000;

const TIMESTAMP_PATTERN = /"timestamp": ?(\d{10})\b/;
const FIGURE_PATTERN = /("system_memory_used_mb": ?)[\d.]+/;

/** Different bodies of many snapshots each: all there could be would not fit into memory. */
const BATCHES = 8;

interface Template {
  /** The rest of the head, an empty line, and the body. */
  bytes: Buffer;
  places: { timestampAt: number; figureAt: number }[];
}

/** The id of one of the agents a load has: `agent-00042`. */
export function agentName(index: number): string {
  return `agent-${String(index).padStart(5, '0')}`;
}

/**
 * Requests to hand in snapshots. All bytes are made beforehand and copied; only the time and the figure are written for
 * each, so that the generator's own work stays far below the server's.
 *
 * @throws {Error} for a snapshot without the two fields
 */
export function createRequests(options: RequestOptions): Requests {
  const { path, agents, snapshotsARequest } = options;
  const type = snapshotsARequest > 1 ? 'application/x-ndjson' : 'application/json';
  const heads = Array.from({ length: agents }, (_, index) =>
    Buffer.from(
      `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${type}\r\nX-Agent-Id: ${agentName(index)}\r\n`,
    ),
  );
  const snapshots = options.snapshots.map(withRoom);
  const bodies = snapshotsARequest === 1 ? snapshots.length : BATCHES;
  const templates = Array.from({ length: bodies }, (_, first) =>
    template(
      Array.from({ length: snapshotsARequest }, (_, i) => snapshots[(first + i) % snapshots.length] ?? ''),
    ),
  );
  let sent = 0;
  let figure = 0;

  return {
    maxBytes:
      Math.max(...heads.map(({ length }) => length)) +
      Math.max(...templates.map(({ bytes }) => bytes.length)),
    snapshotBytes: snapshots.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / snapshots.length,
    get lastFigure() {
      return figure;
    },
    write(into, nowSeconds) {
      const head = heads[sent % heads.length];
      const body = templates[sent % templates.length];
      if (head === undefined || body === undefined) throw new Error('there is nothing to send');
      head.copy(into, 0);
      body.bytes.copy(into, head.length);
      for (const [i, { timestampAt, figureAt }] of body.places.entries()) {
        figure = FIRST_FIGURE + ((sent * snapshotsARequest + i) % FIGURES);
        writeDigits(into, head.length + timestampAt, TIMESTAMP_WIDTH, nowSeconds);
        writeDigits(into, head.length + figureAt, 5, Math.floor(figure / 100));
        writeDigits(into, head.length + figureAt + 6, 2, figure % 100);
      }
      sent += 1;
      return head.length + body.bytes.length;
    },
  };
}

function withRoom(snapshot: string): string {
  if (!TIMESTAMP_PATTERN.test(snapshot) || !FIGURE_PATTERN.test(snapshot))
    throw new Error('a snapshot to send needs a timestamp of ten digits and system_memory_used_mb');
  return snapshot.replace(FIGURE_PATTERN, `$1${FIGURE}`);
}

function template(snapshots: readonly string[]): Template {
  const body = snapshots.join('\n');
  const start = `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  const places: Template['places'] = [];
  let at = start.length;
  for (const snapshot of snapshots) {
    places.push({
      timestampAt: at + endOf(TIMESTAMP_PATTERN, snapshot) - TIMESTAMP_WIDTH,
      figureAt: at + endOf(FIGURE_PATTERN, snapshot) - FIGURE.length,
    });
    at += Buffer.byteLength(snapshot) + 1;
  }
  return { bytes: Buffer.from(start + body), places };
}

/** Where the match ends, in bytes: a name before it may hold characters of several. */
function endOf(pattern: RegExp, text: string): number {
  const match = pattern.exec(text);
  return Buffer.byteLength(text.slice(0, (match?.index ?? 0) + (match?.[0].length ?? 0)));
}

const ZERO = 0x30;

function writeDigits(into: Buffer, at: number, width: number, value: number): void {
  let rest = value;
  for (let place = at + width - 1; place >= at; place -= 1) {
    into[place] = ZERO + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

/** Requests that read: each path in turn, over and over. */
export function createReads(paths: readonly string[]): Requests {
  const all = paths.map((path) => Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`));
  let sent = 0;
  return {
    maxBytes: Math.max(...all.map(({ length }) => length)),
    snapshotBytes: 0,
    lastFigure: 0,
    write(into) {
      const request = all[sent % all.length];
      if (request === undefined) throw new Error('there is nothing to read');
      sent += 1;
      return request.copy(into);
    },
  };
}
