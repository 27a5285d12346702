import { Redis, type RedisOptions } from 'ioredis';
import { isRefused } from './redisRefusal.ts';

/** Longest wait between two attempts to reconnect. Short, because every second of it is a second of 503s. */
const MAX_RECONNECT_DELAY_MS = 1_000;

/** A connection that got no answer to its heartbeat for this long is half-open (ioredis#1451): dial again. */
const HEARTBEAT_MS = 5_000;

const SUBSCRIBING = new Set(['subscribe', 'psubscribe', 'unsubscribe', 'punsubscribe']);

/** With what ioredis answers what waits on a connection that ends. */
const CONNECTION_CLOSED = 'Connection is closed.';

/** How long to wait before the next attempt, in ms; with jitter, so that a fleet does not dial as one. */
export function reconnectDelayMs(attempt: number): number {
  return Math.min(2 ** attempt * 25, MAX_RECONNECT_DELAY_MS) * (0.75 + Math.random() / 4);
}

/**
 * ioredis' client with an end to it, which is the end of its duplicates, too. Its own `disconnect` leaves a connection
 * that waits for its next attempt without the event `end`, and what was sent on it without an answer: closing a BullMQ
 * worker in an outage then hangs for good, also when Redis is back. Such a connection is caught at that attempt, a second
 * later at most.
 */
export class EndableRedis extends Redis {
  readonly #duplicates = new Set<Redis>();

  override disconnect(reconnect = false): void {
    if (!reconnect) for (const copy of this.#duplicates) copy.disconnect();
    if (!reconnect && this.status === 'reconnecting') this.once('connecting', () => super.disconnect());
    else super.disconnect(reconnect);
  }

  /**
   * The cluster adapter of Socket.IO, and ioredis after a reconnect, leave what becomes of a subscription to nobody. One
   * that is refused is told as an error of the connection; one that ends with its connection is nothing to tell.
   * Whatever command the user may not run is told as `refused`, beside the error that its caller gets.
   */
  override sendCommand(...sent: Parameters<Redis['sendCommand']>): unknown {
    const [command] = sent;
    const reject = command.reject;
    command.reject = (error: Error) => {
      if (isRefused(error)) this.emit('refused', error, command.name);
      // ioredis would go on in database 0, with what is another's.
      if (command.name === 'select' && error.name === 'ReplyError') this.disconnect(true);
      reject(error);
    };
    // So does it with what it publishes.
    if (command.name === 'publish') command.promise.catch(() => undefined);
    if (SUBSCRIBING.has(command.name)) {
      command.promise.catch((error: Error) => {
        if (error.message !== CONNECTION_CLOSED) this.emit('error', error);
      });
    }
    return super.sendCommand(...sent);
  }

  override duplicate(override?: Partial<RedisOptions>): Redis {
    const options = { ...this.options, ...override } as RedisOptions & { replyMapping: 'legacy' };
    const copy = new EndableRedis(options);
    this.#duplicates.add(copy);
    copy.on('refused', (...what: unknown[]) => this.emit('refused', ...what));
    return copy;
  }
}

/** Dials again where a connection that only listens has gone dead unnoticed. Returns how to stop that. */
export function startHeartbeat(redis: Redis): () => void {
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
