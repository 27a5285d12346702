import type { MetricsAt } from '../../core/contracts/history.ts';
import { createMomentCache } from './momentCache.ts';

/** What was found of a moment. */
export type Found =
  | { kind: 'snapshot'; time: number; answer: MetricsAt }
  /** The host has nothing at or before it. */
  | { kind: 'nothing'; time: number }
  | { kind: 'failed'; time: number; error: unknown };

export interface MomentReaderOptions {
  /** Resolves to null where the host has nothing at or before the moment. */
  ask(time: number, signal: AbortSignal): Promise<MetricsAt | null>;
  /** Told of what was asked for last, and of what came in between on the way there. */
  onFound(found: Found): void;
  nowSeconds(): number;
  /** Least time between two requests, in ms. */
  spacingMs?: number;
}

export interface MomentReader {
  /** Says which moment is wanted; undefined: none. What is known is told of at once. */
  want(time: number | undefined): void;
  /** Reads a moment that is likely to be wanted next, if there is nothing else to do. */
  prefetch(times: readonly number[]): void;
  close(): void;
}

/**
 * Follows a cursor that moves faster than requests come back: one request is under way, and when it has come, the moment
 * that is wanted by then is asked for; those in between are not. What is known needs no request.
 */
export function createMomentReader(options: MomentReaderOptions): MomentReader {
  const { ask, onFound, nowSeconds, spacingMs = 40 } = options;
  const cache = createMomentCache();
  let wanted: number | undefined;
  let likely: number[] = [];
  let underWay: { time: number; controller: AbortController } | undefined;
  let resting: ReturnType<typeof setTimeout> | undefined;

  function next(): void {
    if (underWay !== undefined || resting !== undefined) return;
    if (wanted !== undefined && cache.find(wanted) === undefined) return void read(wanted, false);
    const time = likely.find((time) => cache.find(time) === undefined);
    likely = [];
    if (time !== undefined) void read(time, true);
  }

  async function read(time: number, ahead: boolean): Promise<void> {
    const own = { time, controller: new AbortController() };
    underWay = own;
    resting = setTimeout(() => {
      resting = undefined;
      next();
    }, spacingMs);
    try {
      const answer = await ask(time, own.controller.signal);
      cache.keep(time, answer, nowSeconds());
      if (underWay === own && !ahead && wanted !== undefined) tell(time, answer);
      if (wanted === time) wanted = undefined;
    } catch (error) {
      // Whoever is not waited for any more has nothing to tell.
      if (underWay === own && wanted === time) {
        wanted = undefined;
        onFound({ kind: 'failed', time, error });
      }
    }
    if (underWay === own) underWay = undefined;
    next();
  }

  function tell(time: number, answer: MetricsAt | null): void {
    onFound(answer === null ? { kind: 'nothing', time } : { kind: 'snapshot', time, answer });
  }

  return {
    want(time) {
      likely = [];
      const known = time === undefined ? undefined : cache.find(time);
      wanted = known === undefined ? time : undefined;
      if (wanted === undefined && underWay !== undefined) {
        underWay.controller.abort();
        underWay = undefined;
      }
      if (time !== undefined && known !== undefined) tell(time, known);
      next();
    },
    prefetch(times) {
      likely = [...times];
      next();
    },
    close() {
      clearTimeout(resting);
      wanted = undefined;
      likely = [];
      underWay?.controller.abort();
      underWay = undefined;
    },
  };
}
