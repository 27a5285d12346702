import type { Redis, Result } from 'ioredis';
import { storedSettingsSchema, type StoredSettings } from '../../alerting/settingsDocument.ts';
import type { AlertingSettings } from '../../contracts/alerting/settings.ts';
import { UnavailableError } from '../../errors.ts';
import { ALERTING_SETTINGS_CHANNEL, ALERTING_SETTINGS_KEY } from '../keys.ts';
import { createCachedCopy, type CachedCopy, type CachedCopyOptions } from './cachedCopy.ts';

/** More digits than a version has: it stands before the JSON, and can be asked for alone. */
const VERSION_LENGTH = 20;

/**
 * Replaces the document if nobody else has since it was read.
 *
 * KEYS[1] the document; ARGV[1] version it was read at, or empty for none, [2] new version, [3] new JSON, [4] channel.
 * Output: 1, or 0 where somebody else was faster.
 */
const REPLACE = `
local known = redis.call('GETRANGE', KEYS[1], 0, ${VERSION_LENGTH})
if (string.match(known, '^%d+') or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2] .. ' ' .. ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[2])
return 1`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    toplineReplaceSettings(
      key: string,
      before: string,
      version: string,
      json: string,
      channel: string,
    ): Result<number, Context>;
  }
}

/** The document as it was found. */
export interface FoundSettings {
  /** Undefined where there is none. */
  version: string | undefined;
  /** Undefined where there is none, or none that this version of the service can read. */
  settings: StoredSettings | undefined;
}

/** The one document of settings, in Redis. */
export interface AlertingSettingsStore {
  read(): Promise<FoundSettings>;
  /** Changes whenever the document does. */
  version(): Promise<string | undefined>;
  /**
   * Puts a document in the place of the one of this version, and gives it the next.
   *
   * @returns undefined where that has been replaced meanwhile
   */
  replace(
    before: string | undefined,
    next: StoredSettings,
    nowMs: number,
  ): Promise<StoredSettings | undefined>;
}

export function createAlertingSettingsStore(redis: Redis): AlertingSettingsStore {
  redis.defineCommand('toplineReplaceSettings', { numberOfKeys: 1, lua: REPLACE });
  return {
    async read() {
      const text = await redis.get(ALERTING_SETTINGS_KEY);
      return { version: versionOf(text ?? ''), settings: text === null ? undefined : parseDocument(text) };
    },
    async version() {
      return versionOf(await redis.getrange(ALERTING_SETTINGS_KEY, 0, VERSION_LENGTH));
    },
    async replace(before, next, nowMs) {
      // Not below the time: a Redis that lost everything must not come to a version again that somebody still has.
      const version = Math.max(Number(before ?? 0) + 1, nowMs);
      const settings = { ...next, version };
      const done = await redis.toplineReplaceSettings(
        ALERTING_SETTINGS_KEY,
        before ?? '',
        String(version),
        JSON.stringify(settings),
        ALERTING_SETTINGS_CHANNEL,
      );
      return done === 1 ? settings : undefined;
    },
  };
}

function versionOf(text: string): string | undefined {
  return /^\d+/.exec(text)?.[0];
}

function parseDocument(text: string): StoredSettings | undefined {
  try {
    return storedSettingsSchema.parse(JSON.parse(text.slice(text.indexOf(' ') + 1)));
  } catch {
    return undefined;
  }
}

/** Nobody judges or tells by what was changed longer ago: a process that has little to do does not look by itself. */
const AGES = { refreshMs: 1_000, maxAgeMs: 2_000 };

/** The settings for whoever judges or tells by them all the time. */
export type AlertingSettingsCopy = CachedCopy<AlertingSettings>;

/**
 * Keeps the settings at hand: a change is known a second or so after it was made. Where there are none, it rejects with an
 * UnavailableError: whoever starts first publishes them.
 */
export function createAlertingSettingsCopy(
  store: AlertingSettingsStore,
  options: Partial<CachedCopyOptions> = {},
): AlertingSettingsCopy {
  return createCachedCopy<AlertingSettings>(
    {
      async load() {
        const { settings: value } = await store.read();
        if (value === undefined) throw new UnavailableError('The settings of alerting are not in Redis yet');
        return { revision: String(value.version), value };
      },
      revision: () => store.version(),
    },
    { ...AGES, ...options },
  );
}
