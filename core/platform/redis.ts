import { Redis, type RedisOptions } from 'ioredis';
import type { Config } from '../config.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from './logger.ts';

/**
 * What a connection is for, which decides how it behaves while Redis is away:
 * - `request`: a caller waits for the answer, so a command fails at once (the API, and what adds jobs);
 * - `worker`: nobody waits, so a command waits for Redis to come back (BullMQ workers and the stores they write);
 * - `subscriber`: holds subscriptions and takes them up again after a reconnect.
 */
export type RedisPurpose = 'request' | 'worker' | 'subscriber';

/** A connection with its release. */
export interface RedisConnection {
  handle: Redis;
  close(): Promise<void>;
}

/** Longest wait between two attempts to reconnect. Short, because every second of it is a second of 503s. */
const MAX_RECONNECT_DELAY_MS = 1_000;

/** A subscriber that got no answer to its heartbeat for this long is half-open (ioredis#1451): dial again. */
const HEARTBEAT_MS = 5_000;

const PURPOSES = {
  request: {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 900,
    enableAutoPipelining: true,
  },
  worker: { maxRetriesPerRequest: null },
  subscriber: { maxRetriesPerRequest: null, autoResubscribe: true },
} satisfies Record<RedisPurpose, RedisOptions>;

/**
 * Opens a connection. It does not wait for Redis: with Redis down it keeps trying in the background, and says so once
 * for each outage instead of once for each attempt.
 *
 * @param name shown by `CLIENT LIST`, e.g. `api:intake`
 */
export function openRedis(
  config: Config['redis'],
  purpose: RedisPurpose,
  name: string,
  log: Logger,
): RedisConnection {
  const options = {
    // Replies keep the shapes of RESP2, whatever the protocol.
    replyMapping: 'legacy' as const,
    ...PURPOSES[purpose],
    connectionName: `topline:${name}`,
    connectTimeout: 5_000,
    retryStrategy: (attempt: number) =>
      Math.min(2 ** attempt * 25, MAX_RECONNECT_DELAY_MS) * (0.75 + Math.random() / 4),
    // After a failover the old primary answers READONLY: dial again, and send what it refused once more.
    reconnectOnError: (error: Error) => (error.message.startsWith('READONLY') ? (2 as const) : false),
  };
  const handle =
    config.url === ''
      ? new Redis({ ...options, host: config.host, port: config.port, db: config.db })
      : new Redis(config.url, options);
  tellOfOutages(handle, log.child({ connection: name }));
  const stopHeartbeat = purpose === 'subscriber' ? startHeartbeat(handle) : () => undefined;

  return {
    handle,
    async close() {
      stopHeartbeat();
      if (handle.status !== 'ready') return handle.disconnect();
      await handle.quit().catch(() => handle.disconnect());
    },
  };
}

function tellOfOutages(redis: Redis, log: Logger): void {
  let away = false;
  const lost = (reason: string) => {
    if (away) return;
    away = true;
    log.warn({ reason }, 'Redis is out of reach; trying again until it is back');
  };
  redis.on('error', (error) => lost(messageOf(error)));
  redis.on('reconnecting', () => lost('connection closed'));
  redis.on('ready', () => {
    if (away) log.info('Redis is back');
    away = false;
  });
}

function startHeartbeat(redis: Redis): () => void {
  let answered = true;
  const timer = setInterval(() => {
    if (redis.status !== 'ready') return;
    if (!answered) {
      answered = true;
      redis.disconnect(true);
      return;
    }
    answered = false;
    redis.ping().then(
      () => (answered = true),
      () => (answered = true),
    );
  }, HEARTBEAT_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** What Redis must be set to so that acknowledged work survives; an empty list when it is. */
export async function redisDurabilityWarnings(redis: Redis): Promise<string[]> {
  const [memory, persistence] = await Promise.all([redis.info('memory'), redis.info('persistence')]);
  const warnings: string[] = [];
  const policy = /maxmemory_policy:(\S+)/.exec(memory)?.[1];
  if (policy !== undefined && policy !== 'noeviction') {
    warnings.push(
      `Redis may evict acknowledged snapshots: set maxmemory-policy to noeviction (it is ${policy})`,
    );
  }
  if (!/aof_enabled:1/.test(persistence)) {
    warnings.push(
      'Redis would lose acknowledged snapshots at a restart: set appendonly to yes and appendfsync to always',
    );
  }
  return warnings;
}

/** Says loudly, once connected, where Redis is set so that it may lose what was acknowledged. */
export function warnOfLossyRedis(redis: Redis, log: Logger): void {
  redis.once('ready', () => {
    redisDurabilityWarnings(redis).then(
      (warnings) => warnings.forEach((warning) => log.warn(warning)),
      (error: unknown) => log.debug({ reason: messageOf(error) }, 'could not look at the settings of Redis'),
    );
  });
}

/** What Redis answers while it cannot serve, although the command is right. */
const PASSING_REPLIES = /^(LOADING|READONLY|MISCONF|OOM|BUSY|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|NOREPLICAS)\b/;

/** What ioredis throws when a connection is lost, or cannot be had. */
const CONNECTION_ERRORS =
  /Connection is closed|connection close|Stream isn't writeable|Command timed out|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|max retries per request/i;

/** Whether the same command will succeed once Redis is well again. */
export function isRetryableRedisError(error: unknown): boolean {
  const message = messageOf(error);
  return PASSING_REPLIES.test(message) || CONNECTION_ERRORS.test(message);
}
