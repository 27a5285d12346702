import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../../../core/config.ts';
import { createLogger } from '../../../../core/platform/logger.ts';
import {
  isRetryableRedisError,
  openRedis,
  redisDurabilityWarnings,
  type RedisConnection,
} from '../../../../core/platform/redis.ts';
import { checkAccess } from '../../../../core/platform/redisAccess.ts';
import { startTestRedis, type TestRedis } from '../../../support/stores.ts';
import { waitFor } from '../../../support/waitFor.ts';
import { whileFrozen } from '../../../support/frozenRedis.ts';

describe('an error of Redis is worth repeating', () => {
  test.each([
    'LOADING Redis is loading the dataset in memory',
    "READONLY You can't write against a read only replica.",
    'MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk',
    "OOM command not allowed when used memory > 'maxmemory'.",
    'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
    'TRYAGAIN Multiple keys request during rehashing of slot',
    'CLUSTERDOWN The cluster is down',
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    'NOREPLICAS Not enough good replicas to write.',
    "ERR Error running script (call to f_5c1e): @user_script:9: @user_script: 9: -READONLY You can't write against a read only replica.",
    'All sentinels are unreachable. Retrying from scratch after 50ms.',
    'Connection is closed.',
    "Stream isn't writeable and enableOfflineQueue options is false",
    'Command timed out',
    'Command aborted due to connection close',
    'Reached the max retries per request limit (which is 0). Refer to "maxRetriesPerRequest" option for details.',
    'connect ECONNREFUSED 127.0.0.1:6379',
    'read ECONNRESET',
    'write EPIPE',
    'connect ETIMEDOUT',
    'getaddrinfo ENOTFOUND redis',
    'getaddrinfo EAI_AGAIN redis',
    'connect EHOSTUNREACH 10.0.0.1:6379',
  ])('%s', (message) => {
    expect(isRetryableRedisError(new Error(message))).toBe(true);
  });

  test('both ways of a dual-stack connect that were refused', () => {
    const refused = new AggregateError([new Error('connect ECONNREFUSED ::1:6379')]);
    expect(isRetryableRedisError(refused)).toBe(true);
  });
});

describe('an error of the command or the data is not', () => {
  test.each([
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    'ERR value is not an integer or out of range',
    'BUSYGROUP Consumer Group name already exists',
    'NOAUTH Authentication required.',
    'unusable payload: the name LOADING is taken',
    'Cannot read properties of undefined',
  ])('%s', (message) => {
    expect(isRetryableRedisError(new Error(message))).toBe(false);
  });

  test.each([undefined, null, 5, {}])('nor what is no error at all: %j', (thrown) => {
    expect(isRetryableRedisError(thrown)).toBe(false);
  });
});

describe('a connection', () => {
  let server: TestRedis;
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    name: 'test',
    destination: { write: (line) => void lines.push(line) },
  });
  const connections: RedisConnection[] = [];
  const open = (purpose: Parameters<typeof openRedis>[1]) => {
    const connection = openRedis(loadConfig({ REDIS_URL: server.url }).redis, purpose, 'test', log);
    connections.push(connection);
    return connection;
  };

  beforeAll(async () => {
    server = await startTestRedis();
  });
  afterAll(async () => {
    const open = connections.filter(({ handle }) => handle.status !== 'end');
    await Promise.all(open.map((connection) => connection.close()));
    await server.close();
  });

  test('for requests fails at once while Redis is away, one for workers waits; each outage is told once', async () => {
    const request = open('request');
    const worker = open('worker');
    await waitFor(() => request.handle.status === 'ready' && worker.handle.status === 'ready');
    await worker.handle.set('kept', '1');

    await server.kill();
    await waitFor(() => request.handle.status !== 'ready' && worker.handle.status !== 'ready');
    const startedAt = Date.now();
    const refusal: unknown = await request.handle.get('kept').catch((error: unknown) => error);
    expect(isRetryableRedisError(refusal)).toBe(true);
    expect(Date.now() - startedAt).toBeLessThan(500);
    const patient = worker.handle.set('later', '2');
    // Several attempts to reconnect fail meanwhile: none of them is a line of its own.
    const attempts = { count: 0 };
    worker.handle.on('reconnecting', () => (attempts.count += 1));
    await waitFor(() => attempts.count >= 3);
    expect(lines.filter((line) => line.includes('out of reach'))).toHaveLength(2);

    await server.restart();
    expect(await patient).toBe('OK');
    await waitFor(() => request.handle.get('later').then((value) => value === '2'));
    await waitFor(() => lines.filter((line) => line.includes('Redis is back')).length === 2);
  });

  test('for requests gives up on a frozen Redis after 2 s', async () => {
    const { handle } = open('request');
    await waitFor(() => handle.status === 'ready');
    await whileFrozen(server, async () => {
      const startedAt = Date.now();
      await expect(handle.ping()).rejects.toThrow('Command timed out');
      expect(Date.now() - startedAt).toBeLessThan(3_000);
    });
  });

  test('is named, so that CLIENT LIST tells whose it is', async () => {
    const { handle } = open('request');
    await waitFor(() => handle.status === 'ready');
    expect(await handle.client('GETNAME')).toBe('topline:test');
  });

  test('closes also where Redis does not answer, as when it is just going away', async () => {
    const { handle, close } = open('worker');
    await waitFor(() => handle.status === 'ready');
    await whileFrozen(server, async () => {
      await close();
      await waitFor(() => handle.status === 'end');
    });
  });

  test('closes in good order, also where it never opened', async () => {
    const opened = open('worker');
    await waitFor(() => opened.handle.status === 'ready');
    await opened.close();
    await waitFor(() => opened.handle.status === 'end');
    const nowhere = openRedis(
      loadConfig({ REDIS_HOST: '127.0.0.1', REDIS_PORT: '1' }).redis,
      'subscriber',
      'nowhere',
      log,
    );
    await nowhere.close();
    await waitFor(() => nowhere.handle.status === 'end');
  });

  test('tells of a subscription that is refused, and of none that ends with it, where nobody waits for them', async () => {
    const { handle } = open('subscriber');
    await waitFor(() => handle.status === 'ready');
    const errors: Error[] = [];
    handle.on('error', (error: Error) => void errors.push(error));
    await handle.acl('SETUSER', 'default', 'resetchannels');
    void handle.subscribe('a channel');
    await waitFor(() => errors.some(({ message }) => message.startsWith('NOPERM')));
    await handle.acl('SETUSER', 'default', 'allchannels');
    const nowhere = openRedis(
      loadConfig({ REDIS_HOST: '127.0.0.1', REDIS_PORT: '1' }).redis,
      'subscriber',
      'nowhere',
      log,
    );
    const told: Error[] = [];
    nowhere.handle.on('error', (error: Error) => void told.push(error));
    // Jest fails a test that leaves a rejection to nobody.
    void nowhere.handle.psubscribe('all*');
    await nowhere.close();
    await waitFor(() => nowhere.handle.status === 'end');
    expect(told.filter(({ message }) => message === 'Connection is closed.')).toEqual([]);
  });

  test('is asked what its user may do, all at once, and none of it is carried out', async () => {
    const { handle } = open('request');
    await waitFor(() => handle.status === 'ready');
    const keysBefore = await handle.dbsize();
    await checkAccess(handle, 'default');
    try {
      await handle.acl('SETUSER', 'default', '-zadd', '-info');
      await expect(checkAccess(handle, 'default')).rejects.toThrow(
        /INFO.*ZADD.*ACL SETUSER default \+info \+zadd$/,
      );
      await handle.acl('SETUSER', 'default', '+info', '+zadd', '-multi');
      await expect(checkAccess(handle, 'default')).rejects.toThrow(/ACL SETUSER default \+multi$/);
    } finally {
      await handle.acl('SETUSER', 'default', '+@all');
    }
    expect(await handle.dbsize()).toBe(keysBefore);
  });

  test('settings that lose acknowledged work are warned of, each by name', async () => {
    const { handle } = open('request');
    await waitFor(() => handle.status === 'ready');
    await handle.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const warnings = await redisDurabilityWarnings(handle);
    expect(warnings).toHaveLength(2);
    expect(warnings.join()).toMatch(/noeviction \(it is allkeys-lru\)[^]*appendonly/);
    await handle.config('SET', 'maxmemory-policy', 'noeviction');
    await handle.config('SET', 'appendonly', 'yes');
    await waitFor(async () => (await redisDurabilityWarnings(handle)).length === 0);
  });
});
