import type { Redis, RedisOptions } from 'ioredis';
import type { Config } from '../config.ts';
import { messageOf } from '../errors.ts';
import { joinFailoverWatch } from './failoverWatch.ts';
import { EndableRedis, reconnectDelayMs, startHeartbeat } from './redisLink.ts';
import type { Logger } from './logger.ts';
import { isNotAuthenticated, isRefused } from './redisRefusal.ts';
import { faultsOf } from './redisFaults.ts';

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

/** As Redis 7 says it, and as 6.2 quotes it where a script met it. */
const READONLY = /(?:^|: -)READONLY /;

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

/** Short: what a Sentinel that is not there uses up is missing where the next one would have answered. */
const SENTINEL_TIMEOUT_MS = 1_000;

/** How long a connection that is given up may say goodbye; a primary that is frozen never does. */
const FAREWELL_MS = 500;

/**
 * Opens a connection. It does not wait for Redis: with Redis down it keeps trying in the background, and says so once
 * for each outage instead of once for each attempt. With Sentinels it asks them at each attempt who the primary is, and
 * dials anew when they have chosen another one; the same goes for its duplicates.
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
    disconnectTimeout: FAREWELL_MS,
    retryStrategy: reconnectDelayMs,
    // After a failover the old primary answers READONLY: dial again, and send what it refused once more.
    reconnectOnError: (error: Error) => (READONLY.test(error.message) ? (2 as const) : false),
    ...sentinelOptions(config),
  };
  const handle =
    config.url === ''
      ? new EndableRedis({ ...options, host: config.host, port: config.port, db: config.db })
      : new EndableRedis(config.url, options);
  const ownLog = log.child({ connection: name });
  const faults = faultsOf(config);
  tellOfOutages(handle, ownLog, (reason) => faults.lost(name, reason));
  handle.on('refused', (error: Error, command: string) => faults.refused(error, command, ownLog));
  handle.on('ready', () => faults.ready(name));
  handle.once('end', () => faults.closed(name));
  const stopHeartbeat = purpose === 'subscriber' ? startHeartbeat(handle) : () => undefined;
  const leaveWatch =
    config.sentinel.addresses.length > 0 ? joinFailoverWatch(handle, config, log) : () => undefined;

  return {
    handle,
    async close() {
      stopHeartbeat();
      leaveWatch();
      if (handle.status !== 'ready') return handle.disconnect();
      // A server that is just going away, or frozen, answers no farewell.
      const deadline = setTimeout(() => handle.disconnect(), FAREWELL_MS);
      await handle.quit().catch(() => handle.disconnect());
      clearTimeout(deadline);
    },
  };
}

/** Nothing where Redis is dialled directly. Of a URL, ioredis then takes user, password, database and TLS, not the host. */
function sentinelOptions({ url, sentinel }: Config['redis']) {
  if (sentinel.addresses.length === 0) return {};
  // Sentinel itself speaks TLS exactly where it watches nodes that do (tls-replication).
  const tls = url.startsWith('rediss:') ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {};
  return {
    ...tls,
    sentinels: [...sentinel.addresses],
    name: sentinel.master,
    ...(sentinel.password === '' ? {} : { sentinelPassword: sentinel.password }),
    // Only those that were named: what the others announce may be addresses of a network that is not ours.
    updateSentinels: false,
    sentinelRetryStrategy: reconnectDelayMs,
    sentinelCommandTimeout: SENTINEL_TIMEOUT_MS,
    connectTimeout: SENTINEL_TIMEOUT_MS,
  };
}

function tellOfOutages(redis: Redis, log: Logger, note: (reason: string) => void): void {
  let away = false;
  let sentinelReason: string | undefined;
  // Told as what it is by the refusals: Redis is there.
  let refused = false;
  const lost = (reason: string) => {
    note(reason);
    if (away) return;
    away = true;
    log.warn({ reason }, 'Redis is out of reach; trying again until it is back');
  };
  // One that fails is no outage; it is the reason where all of them did.
  redis.on('sentinelError', (error: Error) => (sentinelReason = messageOf(error)));
  redis.on('error', (error) => {
    refused = isNotAuthenticated(error);
    if (isRefused(error)) return;
    const reason = messageOf(error);
    const detail = reason.startsWith('All sentinels') ? sentinelReason : undefined;
    lost(detail === undefined ? reason : `no Sentinel names the primary: ${detail}`);
  });
  redis.on('reconnecting', () => {
    if (!refused && !away) lost('connection closed');
  });
  redis.on('ready', () => {
    if (away) log.info('Redis is back');
    away = false;
  });
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

/** What Redis answers while it cannot serve, although the command is right. Redis 6.2 quotes it where a script met it. */
const PASSING_REPLIES =
  /(?:^|: -)(LOADING|READONLY|MISCONF|OOM|BUSY|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|NOREPLICAS)\b/;

/** What ioredis throws when a connection is lost, or cannot be had. */
const CONNECTION_ERRORS =
  /All sentinels are unreachable|Connection is closed|connection close|Stream isn't writeable|Command timed out|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|max retries per request/i;

/** Whether the same command will succeed once Redis is well again. */
export function isRetryableRedisError(error: unknown): boolean {
  const message = messageOf(error);
  return PASSING_REPLIES.test(message) || CONNECTION_ERRORS.test(message);
}
