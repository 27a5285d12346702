import type { Redis } from 'ioredis';
import type { Config } from '../config.ts';
import { QUEUE_NAMES, queuePrefix } from '../contracts/queues.ts';
import { messageOf, StartError } from '../errors.ts';
import type { Logger } from './logger.ts';
import { explainRefusal, isRefused } from './redisRefusal.ts';
import { redisUser } from './redisFaults.ts';

/** No key of this name is ever there, and nothing below is carried out. */
const NO_KEY = `${queuePrefix('timeline')}:access`;

/** One command of each kind that the stores, BullMQ and their scripts use, and the keys of every queue. */
const NEEDED: readonly (readonly [string, ...string[]])[] = [
  ['info', 'memory'],
  ['time'],
  ['eval', 'return 1', '0'],
  ['evalsha', '0'.repeat(40), '0'],
  ['publish', NO_KEY, ''],
  ['get', NO_KEY],
  ['set', NO_KEY, ''],
  ['incr', NO_KEY],
  ['del', NO_KEY],
  ['unlink', NO_KEY],
  ['exists', NO_KEY],
  ['pexpire', NO_KEY, '1'],
  ['hget', NO_KEY, 'field'],
  ['hgetall', NO_KEY],
  ['hset', NO_KEY, 'field', ''],
  ['hdel', NO_KEY, 'field'],
  ['lrange', NO_KEY, '0', '0'],
  ['lpush', NO_KEY, ''],
  ['lrem', NO_KEY, '1', ''],
  ['rpoplpush', NO_KEY, NO_KEY],
  ['sadd', NO_KEY, ''],
  ['srem', NO_KEY, ''],
  ['smembers', NO_KEY],
  ['zadd', NO_KEY, '0', ''],
  ['zrem', NO_KEY, ''],
  ['zrange', NO_KEY, '0', '0'],
  ['zrangebyscore', NO_KEY, '0', '0'],
  ['zremrangebyscore', NO_KEY, '0', '0'],
  ['bzpopmin', NO_KEY, '1'],
  ['xadd', NO_KEY, '*', 'field', ''],
  ['xtrim', NO_KEY, 'MAXLEN', '0'],
  ...QUEUE_NAMES.map((name) => ['exists', `${queuePrefix(name)}:${name}:meta`] as const),
];

/**
 * Asks Redis whether its user may do what the service does. All of it at once, in a transaction that is thrown away: Redis
 * looks at the rights of each command when it queues it.
 *
 * @throws {StartError} naming the user, what it may not, and the rules that allow it
 */
export async function checkAccess(redis: Redis, user: string): Promise<void> {
  // Without a transaction what follows would be carried out.
  const transaction = await ask(redis, []);
  const refused = transaction.length > 0 ? transaction : await ask(redis, NEEDED);
  const faults = refused.map(({ error, command }) => explainRefusal(error, command, user));
  if (faults.length === 0) return;
  const rules = [...new Set(faults.flatMap(({ rule }) => rule ?? []))].join(' ');
  const texts = [...new Set(faults.map(({ text }) => text.replace(/: allow it .*/, '')))].join('; ');
  throw new StartError(
    `${texts}. Topline cannot work without it: allow it with ACL SETUSER ${user} ${rules}`,
  );
}

async function ask(redis: Redis, commands: typeof NEEDED): Promise<{ error: Error; command: string }[]> {
  const transaction = redis.pipeline().call('MULTI');
  for (const command of commands) transaction.call(...command);
  const answers = (await transaction.call('DISCARD').exec()) ?? [];
  return answers.flatMap(([error], index) => {
    if (error === null || !isRefused(error)) return [];
    return [{ error, command: commands[index - 1]?.[0] ?? 'multi' }];
  });
}

/** How long to wait where Redis was too busy to answer. */
const RETRY_MS = 2_000;

/**
 * Checks it when Redis is reached first, however long after the start that is. What is found missing is an unhandled
 * rejection, which ends the process with these words: BullMQ does not recover from what it is refused at first.
 */
export function checkAccessOnFirstContact(redis: Redis, config: Config['redis'], log: Logger): void {
  async function check(): Promise<void> {
    try {
      await checkAccess(redis, redisUser(config));
      redis.off('ready', begin);
    } catch (error) {
      if (error instanceof StartError) throw error;
      log.debug({ reason: messageOf(error) }, 'could not ask Redis what its user may do');
      if (redis.status === 'ready') setTimeout(begin, RETRY_MS).unref();
    }
  }
  const begin = () => void check();
  redis.on('ready', begin);
}
