import { singleFlight } from '../../singleFlight.ts';

/** Something that several processes share, at hand for whoever asks all the time. */
export interface CachedCopy<T> {
  /**
   * The value of at most some seconds ago; a promise where it has to be asked for, which rejects where it could not be
   * asked for longer than that.
   */
  current(): T | Promise<T>;
}

export interface CachedCopySource<T> {
  /** The value, and the revision it is of. */
  load(): Promise<{ revision: string | undefined; value: T }>;
  /** Changes whenever the value does. */
  revision(): Promise<string | undefined>;
}

export interface CachedCopyOptions {
  /** From this age on it is refreshed behind the back of whoever asks. */
  refreshMs: number;
  /** From this age on whoever asks waits for a new one. */
  maxAgeMs: number;
  /** Default that of the process. */
  nowMs?: (() => number) | undefined;
}

/** Under load it asks for the revision every `refreshMs`, and for the value when that has changed; nobody waits for it. */
export function createCachedCopy<T>(
  source: CachedCopySource<T>,
  { refreshMs, maxAgeMs, nowMs = () => performance.now() }: CachedCopyOptions,
): CachedCopy<T> {
  let known: { revision: string | undefined; value: T; askedAtMs: number } | undefined;

  const refresh = singleFlight(async () => {
    const askedAtMs = nowMs();
    const unchanged = known !== undefined && (await source.revision()) === known.revision;
    known = { ...(unchanged && known !== undefined ? known : await source.load()), askedAtMs };
    return known.value;
  });

  return {
    current() {
      const ageMs = known === undefined ? Infinity : nowMs() - known.askedAtMs;
      if (known === undefined || ageMs >= maxAgeMs) return refresh();
      // A failure is found by those who have to wait.
      if (ageMs >= refreshMs) refresh().catch(() => undefined);
      return known.value;
    },
  };
}
