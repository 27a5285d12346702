import { Readable } from 'node:stream';
import { UnavailableError } from '../../core/errors.ts';
import type { RecentSnapshot } from '../../core/stores/redis/timeline.ts';
import { orRedisUnavailable } from '../http/redisUnavailable.ts';

/** Answers about many hosts that are under way at a time: each holds a slice or two, of some 3 MB. */
const MAX_STREAMS = 8;

/** How long a client may take for a slice: at 25 KB/s. One that reads nothing would hold its place for good. */
const STALLED_MS = 120_000;

export interface RecentStreamsOptions {
  /** Resolves when the event loop has room beside snapshots. */
  waitForTurn: () => Promise<void>;
  most?: number;
  stalledMs?: number;
}

/** The answers about the last minutes of many hosts that a process has in flight. */
export interface RecentStreams {
  /**
   * Opens a stream of the JSON array of slices. They are read one at a time, of whichever answer: two at once would take
   * from snapshots what one alone leaves them.
   *
   * @throws {UnavailableError} where Redis is away, and where there are as many streams as there may be
   */
  open(slices: AsyncGenerator<RecentSnapshot[]>): Promise<Readable>;
}

export function createRecentStreams({
  waitForTurn,
  most = MAX_STREAMS,
  stalledMs = STALLED_MS,
}: RecentStreamsOptions): RecentStreams {
  let open = 0;
  let before: Promise<unknown> = Promise.resolve();

  function nextOf(slices: AsyncGenerator<RecentSnapshot[]>): Promise<IteratorResult<RecentSnapshot[]>> {
    const own = before.then(async () => {
      await waitForTurn();
      return orRedisUnavailable(() => slices.next());
    });
    before = own.catch(() => undefined);
    return own;
  }

  return {
    async open(slices) {
      if (open >= most)
        throw new UnavailableError(
          'Too many answers about many hosts at once: ask again when Retry-After says, or of one host (agent=)',
          { retryAfterSeconds: 10 },
        );
      open += 1;
      try {
        // The first slice before the status goes out: with Redis away this is still a 503.
        const first = await nextOf(slices);
        const stream: Readable = Readable.from(
          jsonArray(first, () => nextOf(slices), {
            stalledMs,
            onStalled: () => stream.destroy(new Error('the client reads too slowly')),
          }),
        );
        stream.once('close', () => (open -= 1));
        return stream;
      } catch (error) {
        open -= 1;
        throw error;
      }
    },
  };
}

const OPENING = Buffer.from('[');
const SEPARATOR = Buffer.from(',');
const CLOSING = Buffer.from(']');

/** A JSON array of all of them. */
export function jsonOf(snapshots: RecentSnapshot[]): Buffer {
  return Buffer.concat([OPENING, ...elements(snapshots), CLOSING]);
}

/** The same, slice by slice. */
async function* jsonArray(
  first: IteratorResult<RecentSnapshot[]>,
  next: () => Promise<IteratorResult<RecentSnapshot[]>>,
  { stalledMs, onStalled }: { stalledMs: number; onStalled: () => void },
): AsyncGenerator<Buffer> {
  let before = OPENING;
  for (let slice = first; slice.done !== true; slice = await next()) {
    const timer = setTimeout(onStalled, stalledMs);
    try {
      yield Buffer.concat([before, ...elements(slice.value)]);
    } finally {
      clearTimeout(timer);
    }
    before = SEPARATOR;
  }
  yield before === OPENING ? Buffer.concat([OPENING, CLOSING]) : CLOSING;
}

function elements(slice: RecentSnapshot[]): Buffer[] {
  return slice.flatMap(({ json }, i) => (i === 0 ? [json] : [SEPARATOR, json]));
}
