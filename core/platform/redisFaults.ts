import type { Config } from '../config.ts';
import type { Logger } from './logger.ts';
import { explainRefusal } from './redisRefusal.ts';

/** What is refused is asked for again within seconds: one that was not for so long was allowed, or is asked no more. */
const IN_FORCE_MS = 60_000;

/** What is said of a connection after the reason that it has none. */
const SAYS_NOTHING = /connection (?:is )?closed|isn't writeable/i;

/** What keeps this process from Redis, in words: for the log once, and for whoever asks how the service does. */
export interface RedisFaults {
  /** Notes what Redis refuses; the first of its kind is a line in the log. */
  refused(error: Error, command: string, log: Logger): void;
  /** Each with its fix: those of the last minute. */
  refusals(): string[];
  /** A connection was lost, or cannot be had. */
  lost(connection: string, reason: string): void;
  /** It is there: what was said of it, and of the password, is over. */
  ready(connection: string): void;
  /** It was closed. */
  closed(connection: string): void;
  /** Why one that is lost is; undefined where none is. */
  outage(): string | undefined;
}

/** All connections of one configuration note into the same. */
const known = new WeakMap<Config['redis'], RedisFaults>();

/** Those of the connections that were opened with this configuration. */
export function faultsOf(config: Config['redis']): RedisFaults {
  const found = known.get(config) ?? createRedisFaults(redisUser(config));
  known.set(config, found);
  return found;
}

/** The user that Redis knows the connections by. */
export function redisUser({ url }: Config['redis']): string {
  return (url !== '' && decodeURIComponent(new URL(url).username)) || 'default';
}

/** @param now in ms, by a clock that nobody sets */
export function createRedisFaults(user: string, now = () => performance.now()): RedisFaults {
  const refused = new Map<string, { atMs: number; isPassword: boolean }>();
  const lost = new Map<string, string>();

  function forgetOld(): void {
    for (const [text, { atMs }] of refused) if (now() - atMs > IN_FORCE_MS) refused.delete(text);
  }

  return {
    refused(error, command, log) {
      forgetOld();
      const { text, rule } = explainRefusal(error, command, user);
      if (!refused.has(text)) log.error({ command, reason: error.message }, text);
      refused.set(text, { atMs: now(), isPassword: rule === undefined });
    },
    refusals() {
      forgetOld();
      return [...refused.keys()];
    },
    lost(connection, reason) {
      if (!SAYS_NOTHING.test(reason) || !lost.has(connection)) lost.set(connection, reason);
    },
    ready(connection) {
      lost.delete(connection);
      for (const [text, { isPassword }] of refused) if (isPassword) refused.delete(text);
    },
    closed: (connection) => void lost.delete(connection),
    outage() {
      const reasons = [...lost.values()];
      return reasons.find((reason) => !SAYS_NOTHING.test(reason)) ?? reasons[0];
    },
  };
}
