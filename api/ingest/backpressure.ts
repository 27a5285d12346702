import { UnavailableError } from '../../core/errors.ts';
import type { Config } from '../../core/config.ts';

/** What has been taken and not been worked off. */
export interface Backlog {
  /** Jobs not yet done, by queue. */
  jobs: Record<string, number>;
  /** Age of the oldest of them, in seconds, by queue. */
  ageSeconds: Record<string, number>;
  /** Share of the memory Redis may use that it uses, 0..1; undefined where it does not tell. */
  memoryShare: number | undefined;
}

/** Once refused, snapshots are taken again only this far below a limit: at the limit itself it would flutter. */
const RESUME_SHARE = 0.9;

/** A backlog of minutes is not gone in seconds: agents that keep a buffer lose nothing by waiting. */
const RETRY_AFTER_SECONDS = 5;

/**
 * Why snapshots must be refused now; undefined where they may be taken.
 *
 * @param refusing whether they are being refused already
 */
export function reasonToRefuse(
  backlog: Backlog,
  limits: Config['backpressure'],
  refusing: boolean,
): string | undefined {
  const factor = refusing ? RESUME_SHARE : 1;
  for (const [queue, jobs] of Object.entries(backlog.jobs)) {
    if (jobs > limits.maxJobs * factor)
      return `${jobs} jobs wait in the queue ${queue} (BACKLOG_MAX_JOBS ${limits.maxJobs})`;
  }
  for (const [queue, age] of Object.entries(backlog.ageSeconds)) {
    if (age > limits.maxAgeSeconds * factor) {
      return `the oldest job of the queue ${queue} is ${Math.round(age)} s old (BACKLOG_MAX_SECONDS ${limits.maxAgeSeconds})`;
    }
  }
  if (backlog.memoryShare !== undefined && backlog.memoryShare * 100 > limits.memoryPercent * factor) {
    const percent = Math.round(backlog.memoryShare * 100);
    return `Redis uses ${percent} % of its memory (REDIS_MEMORY_PERCENT ${limits.memoryPercent})`;
  }
  return undefined;
}

export interface Backpressure {
  /** @throws {UnavailableError} while snapshots must be refused */
  check(): void;
  /** Why snapshots are being refused; undefined while they are taken. */
  refusal(): string | undefined;
  /** Asks for the backlog, and decides anew. */
  update(): Promise<void>;
}

/**
 * Refuses snapshots while what was taken cannot be worked off, and takes them again by itself. Each decision is
 * of a moment ago: the limits leave room for what arrives in between.
 *
 * @param observe asks for the backlog; where it cannot be had (Redis is away) the last decision stands, and the intake
 *   finds out for itself
 * @param tell is called when it changes
 */
export function createBackpressure(
  limits: Config['backpressure'],
  observe: () => Promise<Backlog>,
  tell: (reason: string | undefined) => void,
): Backpressure {
  let refusal: string | undefined;
  return {
    check() {
      if (refusal === undefined) return;
      throw new UnavailableError(`Redis unavailable: too much waits, ${refusal}`, {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    },
    refusal: () => refusal,
    async update() {
      const backlog = await observe().catch(() => undefined);
      if (backlog === undefined) return;
      const reason = reasonToRefuse(backlog, limits, refusal !== undefined);
      if ((reason === undefined) !== (refusal === undefined)) tell(reason);
      refusal = reason;
    },
  };
}
