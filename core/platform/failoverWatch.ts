import { Redis } from 'ioredis';
import type { Config } from '../config.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from './logger.ts';
import { reconnectDelayMs, startHeartbeat } from './redisLink.ts';

type RedisConfig = Config['redis'];

/** Sentinels publish it, each of them, once they agree: `NAME OLD-HOST OLD-PORT NEW-HOST NEW-PORT`. */
const SWITCH_CHANNEL = '+switch-master';

/** The same switch, told by the other Sentinels. */
const SAME_SWITCH_MS = 10_000;

interface Watch {
  /** How to dial anew, for each of those who watch together. */
  members: Set<() => void>;
  close(): void;
}

/** All connections of one configuration watch through the same listeners: one for each Sentinel and process. */
const watches = new WeakMap<RedisConfig, Watch>();

/**
 * Has a connection, and every duplicate made of it, dial anew as soon as the Sentinels have another primary.
 *
 * A dead primary needs none of this: its connections break, and dialling asks the Sentinels. One that is frozen, or cut
 * off from the Sentinels but not from us, keeps them open, and takes writes for seconds after it comes back, until it is
 * told that it is a replica now. What it takes then is lost.
 *
 * @returns how to leave; the last one to leave ends the watch
 */
export function joinFailoverWatch(redis: Redis, config: RedisConfig, log: Logger): () => void {
  const watch = watches.get(config) ?? startWatch(config, log);
  watches.set(config, watch);
  const left: (() => void)[] = [];

  function join(connection: Redis): void {
    const redial = redialOf(connection);
    watch.members.add(redial);
    left.push(() => watch.members.delete(redial));
  }

  join(redis);
  const duplicate = redis.duplicate.bind(redis);
  redis.duplicate = (override) => {
    const copy = duplicate(override);
    join(copy);
    return copy;
  };

  return () => {
    for (const leave of left.splice(0)) leave();
    if (watch.members.size > 0 || watches.get(config) !== watch) return;
    watches.delete(config);
    watch.close();
  };
}

function redialOf(connection: Redis): () => void {
  let outdated = false;
  connection.on('connect', () => {
    if (outdated) connection.disconnect(true);
    outdated = false;
  });
  return () => {
    // Cut off while it asks a Sentinel, ioredis would give a connection up for good; what it is told may be outdated.
    if (connection.status === 'connecting') outdated = true;
    else if (connection.status === 'connect' || connection.status === 'ready') connection.disconnect(true);
  };
}

function startWatch({ url, sentinel }: RedisConfig, log: Logger): Watch {
  const { addresses, master, password } = sentinel;
  const members = new Set<() => void>();
  let last = { text: '', atMs: 0 };

  function onSwitch(text: string): void {
    const [name, oldHost, oldPort, newHost, newPort] = text.split(' ');
    if (name !== master || (text === last.text && Date.now() - last.atMs < SAME_SWITCH_MS)) return;
    last = { text, atMs: Date.now() };
    log.warn(
      { from: `${oldHost}:${oldPort}`, to: `${newHost}:${newPort}` },
      'Redis has another primary: dialling it; what the old one had not passed on is lost',
    );
    for (const redial of members) redial();
  }

  const listeners = addresses.map(({ host, port }) => {
    const listener = new Redis({
      host,
      port,
      ...(password === '' ? {} : { password }),
      ...(url.startsWith('rediss:') ? { tls: {} } : {}),
      connectionName: 'topline:failovers',
      enableReadyCheck: false,
      autoResubscribe: false,
      maxRetriesPerRequest: null,
      retryStrategy: reconnectDelayMs,
    });
    // One Sentinel that is away is no fault of ours, and the others tell the same.
    listener.on('error', (error) =>
      log.debug({ sentinel: `${host}:${port}`, reason: messageOf(error) }, 'Sentinel out of reach'),
    );
    listener.on('message', (_channel, text: string) => onSwitch(text));
    // At each connection anew: what was asked for before one that failed is forgotten.
    listener.on('ready', () => {
      listener.subscribe(SWITCH_CHANNEL).catch((error: unknown) => {
        log.debug({ sentinel: `${host}:${port}`, reason: messageOf(error) }, 'Sentinel not listened to');
      });
    });
    const stopHeartbeat = startHeartbeat(listener);
    return () => {
      stopHeartbeat();
      listener.disconnect();
    };
  });
  return { members, close: () => listeners.forEach((stop) => stop()) };
}
