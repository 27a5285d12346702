import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { loadConfig, SETTINGS, type SettingName } from '../../../core/config.ts';
import { postgresIsConfigured, redisIsConfigured } from '../../../scripts/embedded/configuredStores.ts';
import { ConfigError } from '../../../core/errors.ts';

/** The faults an environment is refused with. */
function faultsOf(env: Record<string, string>): string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('an empty environment', () => {
  test('gives the defaults of the service before', () => {
    expect(loadConfig({})).toEqual({
      http: { host: '0.0.0.0', port: 8000, trustedHops: 0, allowedOrigins: [] },
      redis: {
        url: '',
        host: 'localhost',
        port: 6379,
        db: 0,
        sentinel: { addresses: [], master: 'mymaster', password: '' },
      },
      timeline: { key: 'metrics:timeline', channel: 'metrics:live', retentionSeconds: 300 },
      alerts: {
        key: 'alerts:timeline',
        channel: 'alerts:live',
        retentionSeconds: 86_400,
        cpuThreshold: 90,
        cpuDurationSeconds: 10,
        rulesFile: '',
      },
      postgres: {
        dsn: '',
        table: 'metrics_snapshots',
        retentionDays: 30,
        minuteRetentionDays: 90,
        hourRetentionDays: 730,
        alertHistoryDays: 365,
      },
      notifications: { allowedHosts: [], publicUrl: undefined },
      agents: { token: '', identity: 'default', ratePerMinute: 120, newPerMinute: 600, most: 10_000 },
      backpressure: { maxJobs: 100_000, maxAgeSeconds: 86_400, memoryPercent: 70 },
      access: { viewerToken: '', operatorToken: '' },
      worker: { port: 0 },
      drainSeconds: 10,
      logLevel: 'info',
      failpoints: [],
    });
  });

  test('configures neither store', () => {
    expect(redisIsConfigured({})).toBe(false);
    expect(postgresIsConfigured({})).toBe(false);
  });
});

test('an empty or blank variable counts as absent, as docker compose writes an unset one', () => {
  const env = Object.fromEntries(Object.keys(SETTINGS).map((name, i) => [name, i % 2 === 0 ? '' : '  ']));
  expect(loadConfig(env)).toEqual(loadConfig({}));
  expect(redisIsConfigured({ REDIS_URL: '', REDIS_HOST: ' ' })).toBe(false);
  expect(postgresIsConfigured({ POSTGRES_DSN: ' ' })).toBe(false);
});

test('space around a value does not count', () => {
  expect(loadConfig({ PORT: ' 9000\n' }).http.port).toBe(9000);
});

test('a named store is configured', () => {
  expect(redisIsConfigured({ REDIS_URL: 'redis://a' })).toBe(true);
  expect(redisIsConfigured({ REDIS_HOST: 'a' })).toBe(true);
  expect(redisIsConfigured({ REDIS_SENTINELS: 'a' })).toBe(true);
  expect(postgresIsConfigured({ POSTGRES_DSN: 'postgresql://a/b' })).toBe(true);
});

test('the configuration cannot be changed after the start, at any depth', () => {
  const config = loadConfig({});
  const groups = Object.values(config).filter((value) => typeof value === 'object');
  expect([config, ...groups].every((value) => Object.isFrozen(value))).toBe(true);
});

test('the port of a Kubernetes service link is understood', () => {
  expect(loadConfig({ REDIS_PORT: 'tcp://10.0.0.1:6379' }).redis.port).toBe(6379);
  expect(loadConfig({ REDIS_PORT: 'tcp://[fd00::1]:6380' }).redis.port).toBe(6380);
  expect(faultsOf({ REDIS_PORT: 'tcp://10.0.0.1' })).toHaveLength(1);
  expect(faultsOf({ REDIS_PORT: 'tcp://10.0.0.1:99999' })).toHaveLength(1);
});

test('Sentinels are a list of addresses, each with the usual port where it has none', () => {
  const { sentinel } = loadConfig({
    REDIS_SENTINELS: '10.0.0.1:26380, sentinel-2 ,[fd00::1]:5,[fd00::2],',
    REDIS_SENTINEL_MASTER: 'topline-1.eu',
    REDIS_SENTINEL_PASSWORD: 'secret',
  }).redis;
  expect(sentinel).toEqual({
    addresses: [
      { host: '10.0.0.1', port: 26_380 },
      { host: 'sentinel-2', port: 26_379 },
      { host: 'fd00::1', port: 5 },
      { host: 'fd00::2', port: 26_379 },
    ],
    master: 'topline-1.eu',
    password: 'secret',
  });
});

test('what is for Sentinels alone is refused without them, except the default name', () => {
  const faults = faultsOf({ REDIS_SENTINEL_MASTER: 'other', REDIS_SENTINEL_PASSWORD: 'canary', PORT: 'x' });
  expect(faults).toHaveLength(3);
  expect(faults.join('\n')).toMatch(/PORT[^]*REDIS_SENTINEL_MASTER[^]*REDIS_SENTINEL_PASSWORD[^]*not set/);
  expect(faults.join('\n')).not.toContain('canary');
  expect(faultsOf({ REDIS_SENTINEL_MASTER: 'mymaster', REDIS_SENTINELS: ' ' })).toEqual([]);
});

test('a DSN with the driver of SQLAlchemy is understood', () => {
  expect(loadConfig({ POSTGRES_DSN: 'postgresql+psycopg://u:p@h:5432/d' }).postgres.dsn).toBe(
    'postgresql://u:p@h:5432/d',
  );
  expect(loadConfig({ POSTGRES_DSN: 'postgres://u:p@h/d' }).postgres.dsn).toBe('postgres://u:p@h/d');
  const withSchema = loadConfig({ POSTGRES_DSN: 'postgres://u:p@h/d?schema=two&options=-c%20jit%3Doff' });
  expect(Object.fromEntries(new URL(withSchema.postgres.dsn).searchParams)).toEqual({
    options: '-c search_path="two" -c jit=off',
  });
});

describe('numbers at their bounds are taken', () => {
  test.each([
    ['PORT', '0', 0, (c: ReturnType<typeof loadConfig>) => c.http.port],
    ['PORT', '65535', 65_535, (c: ReturnType<typeof loadConfig>) => c.http.port],
    ['RETENTION_SECONDS', '1', 1, (c: ReturnType<typeof loadConfig>) => c.timeline.retentionSeconds],
    ['POSTGRES_RETENTION_DAYS', '0', 0, (c: ReturnType<typeof loadConfig>) => c.postgres.retentionDays],
    ['POSTGRES_RETENTION_DAYS', '-5', -5, (c: ReturnType<typeof loadConfig>) => c.postgres.retentionDays],
    ['AGENT_RATE_LIMIT_PER_MINUTE', '-1', -1, (c: ReturnType<typeof loadConfig>) => c.agents.ratePerMinute],
    ['AGENT_RATE_LIMIT_PER_MINUTE', '0', 0, (c: ReturnType<typeof loadConfig>) => c.agents.ratePerMinute],
    ['AGENT_NEW_LIMIT_PER_MINUTE', '0', 0, (c: ReturnType<typeof loadConfig>) => c.agents.newPerMinute],
    ['AGENT_LIMIT', '0', 0, (c: ReturnType<typeof loadConfig>) => c.agents.most],
    ['ALERT_CPU_THRESHOLD', '87.5', 87.5, (c: ReturnType<typeof loadConfig>) => c.alerts.cpuThreshold],
    ['ALERT_CPU_THRESHOLD', '.5', 0.5, (c: ReturnType<typeof loadConfig>) => c.alerts.cpuThreshold],
    ['ALERT_CPU_DURATION_SECONDS', '0', 0, (c: ReturnType<typeof loadConfig>) => c.alerts.cpuDurationSeconds],
    ['TRUST_PROXY', 'true', 1, (c: ReturnType<typeof loadConfig>) => c.http.trustedHops],
    ['TRUST_PROXY', 'False', 0, (c: ReturnType<typeof loadConfig>) => c.http.trustedHops],
    ['TRUST_PROXY', '2', 2, (c: ReturnType<typeof loadConfig>) => c.http.trustedHops],
  ] as const)('%s=%s', (name, value, expected, read) => {
    expect(read(loadConfig({ [name]: value }))).toBe(expected);
  });
});

describe('a value that cannot be used is refused by name', () => {
  test.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80a'],
    ['PORT', '0x50'],
    ['PORT', '8e3'],
    ['PORT', 'NaN'],
    ['REDIS_URL', 'localhost:6379'],
    ['REDIS_URL', 'http://localhost'],
    ['REDIS_URL', 'redis://localhost/first'],
    ['REDIS_SENTINELS', 'redis://10.0.0.1:26379'],
    ['REDIS_SENTINELS', '10.0.0.1:0'],
    ['REDIS_SENTINELS', '10.0.0.1:65536,10.0.0.2'],
    ['REDIS_SENTINELS', 'user@10.0.0.1'],
    ['REDIS_SENTINELS', 'fd00::1'],
    ['REDIS_SENTINELS', '10.0.0.1 10.0.0.2'],
    ['REDIS_SENTINEL_MASTER', 'a b'],
    ['REDIS_PORT', '0'],
    ['REDIS_DB', '-1'],
    ['RETENTION_SECONDS', '0'],
    ['RETENTION_SECONDS', '1.5'],
    ['RETENTION_SECONDS', '99999999999999999999'],
    ['ALERT_RETENTION_SECONDS', '0'],
    ['POSTGRES_DSN', 'mysql://u:p@h/d'],
    ['POSTGRES_DSN', 'host=localhost'],
    ['POSTGRES_TABLE', '1st'],
    ['POSTGRES_TABLE', 'a-b'],
    ['POSTGRES_TABLE', 'metrics; DROP TABLE x'],
    ['POSTGRES_TABLE', 'tab"le'],
    ['POSTGRES_TABLE', 'a'.repeat(64)],
    ['POSTGRES_RETENTION_DAYS', 'forever'],
    ['AGENT_IDENTITY', 'host'],
    ['AGENT_RATE_LIMIT_PER_MINUTE', 'many'],
    ['ALERT_CPU_THRESHOLD', 'NaN'],
    ['ALERT_CPU_THRESHOLD', 'Infinity'],
    ['ALERT_CPU_THRESHOLD', '-1'],
    ['ALERT_CPU_THRESHOLD', '9 0'],
    ['ALERT_CPU_DURATION_SECONDS', '-1'],
    ['ALERT_CPU_DURATION_SECONDS', '10.5'],
    ['TRUST_PROXY', 'yes'],
    ['TRUST_PROXY', 'constructor'],
    ['TRUST_PROXY', '-1'],
    ['TRUST_PROXY', '17'],
    ['ALLOWED_ORIGINS', '*'],
    ['ALLOWED_ORIGINS', 'https://a.example/path'],
    ['ALLOWED_ORIGINS', 'https://a.example, b.example'],
    ['WORKER_PORT', '70000'],
    ['DRAIN_SECONDS', '0'],
    ['LOG_LEVEL', 'loud'],
  ] satisfies [SettingName, string][])('%s=%s', (name, value) => {
    const faults = faultsOf({ [name]: value });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${name}\\b`));
  });
});

test('table names as the contract has them are taken', () => {
  for (const table of ['a', '_x9', 'Metrics_Snapshots', 'a'.repeat(63)]) {
    expect(loadConfig({ POSTGRES_TABLE: table }).postgres.table).toBe(table);
  }
});

test('origins are a list without blanks', () => {
  const { allowedOrigins } = loadConfig({
    ALLOWED_ORIGINS: 'https://a.example, http://b.example:8080,',
  }).http;
  expect(allowedOrigins).toEqual(['https://a.example', 'http://b.example:8080']);
});

test('one message names every wrong variable', () => {
  expect(() => loadConfig({ PORT: 'x', REDIS_DB: 'y', LOG_LEVEL: 'z' })).toThrow(
    /PORT[^]*REDIS_DB[^]*LOG_LEVEL/,
  );
  expect(faultsOf({ PORT: 'x', REDIS_DB: 'y', LOG_LEVEL: 'z' })).toHaveLength(3);
});

test('the message shows a wrong value, but never that of a secret', () => {
  const env = { PORT: 'wrong-port', REDIS_URL: 'http://:canary-1@h', POSTGRES_DSN: 'mysql://u:canary-2@h/d' };
  const faults = faultsOf(env);
  expect(faults).toHaveLength(3);
  expect(faults.join('\n')).toContain('wrong-port');
  expect(faults.join('\n')).not.toMatch(/canary/);
});

test('whatever stands in the environment, it is taken or refused with a ConfigError', () => {
  const names = Object.keys(SETTINGS) as SettingName[];
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.string({ unit: 'grapheme' }), (name, value) => {
      const faults = faultsOf({ [name]: value });
      expect(faults.length).toBeLessThanOrEqual(1);
      for (const fault of faults) expect(fault).toContain(name);
    }),
    { numRuns: 500 },
  );
});

test('every setting has a default that can be used and says what it is for', () => {
  for (const [name, { schema, default: fallback, description }] of Object.entries(SETTINGS)) {
    expect([name, schema.safeParse(fallback).success]).toEqual([name, true]);
    expect(description).toMatch(/\.$/);
  }
});
