import { z } from 'zod';
import { deepFreeze } from './deepFreeze.ts';
import { ConfigError } from './errors.ts';
import {
  decimal,
  failpoints,
  hosts,
  integer,
  origins,
  portOrServiceLink,
  postgresDsn,
  publicUrl,
  redisUrl,
  sentinels,
  setting,
  text,
  trustedHops,
  type Setting,
} from './settingSchemas.ts';

/** Every environment variable the service reads. The table in docs/configuration.md is tested against this list. */
export const SETTINGS = {
  HOST: setting(text, '0.0.0.0', 'Address the API listens on.'),
  PORT: setting(integer(0, 65_535), '8000', 'Port the API listens on; 0 takes a free one.'),
  REDIS_URL: setting(
    redisUrl,
    '',
    'Redis as one URL (`redis://` or `rediss://`); wins over the three settings below.',
    true,
  ),
  REDIS_HOST: setting(text, 'localhost', 'Redis host.'),
  REDIS_PORT: setting(
    portOrServiceLink,
    '6379',
    'Redis port. A Kubernetes service link (`tcp://10.0.0.1:6379`) is understood.',
  ),
  REDIS_DB: setting(integer(0), '0', 'Redis database number.'),
  REDIS_SENTINELS: setting(
    sentinels,
    '',
    'Sentinels to ask for the Redis to use, as `host:port` (port 26379 where it is left out), separated by commas. Where set, `REDIS_HOST`, `REDIS_PORT` and the host in `REDIS_URL` are ignored.',
  ),
  REDIS_SENTINEL_MASTER: setting(
    z.string().regex(/^[\w.-]+$/, 'must be the name in `sentinel monitor`: A-Z a-z 0-9 . _ -'),
    'mymaster',
    'Name under which the Sentinels watch that Redis.',
  ),
  REDIS_SENTINEL_PASSWORD: setting(
    text,
    '',
    'Password of the Sentinels themselves, where they ask for one.',
    true,
  ),
  REDIS_METRICS_KEY: setting(
    text,
    'metrics:timeline',
    'Sorted set of recent snapshots; an identified agent has its own, with `:<agent id>` behind.',
  ),
  REDIS_METRICS_CHANNEL: setting(text, 'metrics:live', 'Channel on which each snapshot is published.'),
  RETENTION_SECONDS: setting(
    integer(1),
    '300',
    'How long Redis keeps a snapshot, and how far back `/api/metrics/recent` reaches.',
  ),
  REDIS_ALERTS_KEY: setting(text, 'alerts:timeline', 'Sorted set of alert events.'),
  REDIS_ALERTS_CHANNEL: setting(text, 'alerts:live', 'Channel on which each alert event is published.'),
  ALERT_RETENTION_SECONDS: setting(integer(1), '86400', 'How long Redis keeps an alert event.'),
  POSTGRES_DSN: setting(
    postgresDsn,
    '',
    'PostgreSQL connection, `postgresql://user:password@host:5432/database`. Empty: no history is kept.',
    true,
  ),
  POSTGRES_TABLE: setting(
    z
      .string()
      .regex(
        /^[A-Za-z_][A-Za-z0-9_]{0,62}$/,
        'must match [A-Za-z_][A-Za-z0-9_]* and have at most 63 characters',
      ),
    'metrics_snapshots',
    'View that shows the history; its rows lie in a table of this name with `_packed` behind it.',
  ),
  POSTGRES_RETENTION_DAYS: setting(
    integer(Number.MIN_SAFE_INTEGER),
    '30',
    'Days of history to keep; 0 or less keeps all.',
  ),
  RETENTION_1M_DAYS: setting(
    integer(Number.MIN_SAFE_INTEGER),
    '90',
    'Days to keep the history by minutes; 0 or less keeps all. At least a day longer than `POSTGRES_RETENTION_DAYS`, whatever it says.',
  ),
  RETENTION_1H_DAYS: setting(
    integer(Number.MIN_SAFE_INTEGER),
    '730',
    'Days to keep the history by hours; 0 or less keeps all. At least as long as minutes, whatever it says.',
  ),
  AGENT_API_TOKEN: setting(text, '', 'Where set, agents must send it as `X-Agent-Token`.', true),
  VIEWER_TOKEN: setting(
    text,
    '',
    'Where set, reading needs it (`Authorization: Bearer …`, or signing in).',
    true,
  ),
  OPERATOR_TOKEN: setting(
    text,
    '',
    'Where set, changing anything (the queue board) needs it. Empty: only a client on this machine may.',
    true,
  ),
  AGENT_IDENTITY: setting(
    z.enum(['default', 'ip'], 'must be default or ip'),
    'default',
    'Who an agent is that does not say: `default` (all are one), or `ip` (its address).',
  ),
  AGENT_RATE_LIMIT_PER_MINUTE: setting(
    integer(Number.MIN_SAFE_INTEGER),
    '120',
    'Requests a minute from one agent (or one address, where an agent has no identity), a snapshot or a batch each; 0 or less means no limit.',
  ),
  AGENT_NEW_LIMIT_PER_MINUTE: setting(
    integer(Number.MIN_SAFE_INTEGER),
    '600',
    'New agents a minute from one address (429 beyond); 0 or less means no limit. Those with a token of their own do not count.',
  ),
  AGENT_LIMIT: setting(
    integer(Number.MIN_SAFE_INTEGER),
    '10000',
    'Agents heard of within a week beyond which no new one is taken (429); 0 or less means no limit. `npm run agents -- forget` makes room.',
  ),
  ALERT_CPU_THRESHOLD: setting(decimal(0), '90', 'CPU percent at or above which an alert window opens.'),
  ALERT_CPU_DURATION_SECONDS: setting(
    integer(0),
    '10',
    'How long a window must last before its alert fires.',
  ),
  ALERT_RULES_FILE: setting(
    text,
    '',
    'YAML file with alert rules, channels and routes, read by the API at its start (docs/alerting.md).',
  ),
  ALERT_ALLOWED_HOSTS: setting(
    hosts,
    '',
    'Hosts in private networks, or on this machine, to which alerts may be sent all the same: names, addresses or ranges (`10.0.0.0/8`), separated by commas.',
  ),
  PUBLIC_URL: setting(
    publicUrl,
    '',
    'Where people open Topline, such as `https://topline.example.org`: what is told of an alert links to its host there. Empty: without links.',
  ),
  ALERT_HISTORY_DAYS: setting(
    integer(Number.MIN_SAFE_INTEGER),
    '365',
    'Days to keep alerts that are over, what was told of them, silences and the audit; 0 or less keeps all.',
  ),
  BACKLOG_MAX_JOBS: setting(
    integer(1),
    '100000',
    'Jobs that may wait in one queue before snapshots are refused (503); a job holds what arrived at once, up to 500 snapshots.',
  ),
  BACKLOG_MAX_SECONDS: setting(
    integer(1),
    '86400',
    'How long the oldest job may wait before snapshots are refused (503).',
  ),
  REDIS_MEMORY_PERCENT: setting(
    integer(1, 100),
    '70',
    'Share of the memory Redis may use (its maxmemory, else all of its host) above which snapshots are refused (503): a full Redis could not even drain.',
  ),
  TRUST_PROXY: setting(
    trustedHops,
    '0',
    'How many reverse proxies stand in front; their entries in `X-Forwarded-For` or `Forwarded` are believed, no others. `true` means 1.',
  ),
  ALLOWED_ORIGINS: setting(
    origins,
    '',
    'Other origins whose pages may read the API and open the sockets, separated by commas. The own origin always may.',
  ),
  WORKER_PORT: setting(
    integer(0, 65_535),
    '0',
    'Port on which a worker process answers `/livez`, `/readyz` and `/metrics`; 0: none.',
  ),
  DRAIN_SECONDS: setting(integer(1, 600), '10', 'How long a stopping process may finish what it has begun.'),
  LOG_LEVEL: setting(
    z.enum(
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      'must be fatal, error, warn, info, debug, trace or silent',
    ),
    'info',
    'How much is logged.',
  ),
  FAILPOINTS: setting(
    failpoints,
    '',
    'Only for `npm run test:faults`: where the process ends itself, and which protection is off. Refused where `NODE_ENV` is `production`.',
  ),
} satisfies Record<string, Setting<unknown>>;

export type SettingName = keyof typeof SETTINGS;

type Values = { [Name in SettingName]: (typeof SETTINGS)[Name] extends Setting<infer T> ? T : never };

/** What a process needs to know, frozen at its start. Grouped by who uses it. */
export type Config = ReturnType<typeof group>;

/**
 * Reads the environment. An empty variable counts as absent, as docker compose writes an unset one.
 *
 * @throws {ConfigError} naming every variable whose value cannot be used, without the value of a secret.
 */
export function loadConfig(env: Record<string, string | undefined>): Config {
  const values: Partial<Record<SettingName, unknown>> = {};
  const faults: string[] = [];
  for (const [name, { schema, default: fallback, secret }] of Object.entries(SETTINGS) as [
    SettingName,
    Setting<unknown>,
  ][]) {
    const given = env[name]?.trim();
    const parsed = schema.safeParse(given === undefined || given === '' ? fallback : given);
    if (parsed.success) values[name] = parsed.data;
    else
      faults.push(
        `${name}${secret ? '' : ` (${JSON.stringify(given)})`}: ${parsed.error.issues[0]?.message ?? 'cannot be used'}`,
      );
  }
  if (env['NODE_ENV'] === 'production' && env['FAILPOINTS']?.trim()) {
    faults.push('FAILPOINTS: for tests, and refused where NODE_ENV is production');
  }
  faults.push(...uselessWithoutSentinels(env, values));
  if (faults.length > 0) throw new ConfigError(faults);
  return group(values as Values);
}

/** What only a Sentinel could use, where none is named: somebody believes to have a failover, and has none. */
function uselessWithoutSentinels(
  env: Record<string, string | undefined>,
  values: Partial<Record<SettingName, unknown>>,
): string[] {
  if (env['REDIS_SENTINELS']?.trim()) return [];
  return (['REDIS_SENTINEL_MASTER', 'REDIS_SENTINEL_PASSWORD'] as const)
    .filter((name) => (values[name] ?? SETTINGS[name].default) !== SETTINGS[name].default)
    .map((name) => `${name}: goes with REDIS_SENTINELS, which is not set`);
}

function group(values: Values) {
  return deepFreeze({
    http: {
      host: values.HOST,
      port: values.PORT,
      trustedHops: values.TRUST_PROXY,
      allowedOrigins: values.ALLOWED_ORIGINS,
    },
    redis: {
      url: values.REDIS_URL,
      host: values.REDIS_HOST,
      port: values.REDIS_PORT,
      db: values.REDIS_DB,
      sentinel: {
        /** Empty where Redis is dialled directly. */
        addresses: values.REDIS_SENTINELS,
        master: values.REDIS_SENTINEL_MASTER,
        password: values.REDIS_SENTINEL_PASSWORD,
      },
    },
    timeline: {
      key: values.REDIS_METRICS_KEY,
      channel: values.REDIS_METRICS_CHANNEL,
      retentionSeconds: values.RETENTION_SECONDS,
    },
    alerts: {
      key: values.REDIS_ALERTS_KEY,
      channel: values.REDIS_ALERTS_CHANNEL,
      retentionSeconds: values.ALERT_RETENTION_SECONDS,
      cpuThreshold: values.ALERT_CPU_THRESHOLD,
      cpuDurationSeconds: values.ALERT_CPU_DURATION_SECONDS,
      /** Empty where there is none. */
      rulesFile: values.ALERT_RULES_FILE,
    },
    notifications: {
      allowedHosts: values.ALERT_ALLOWED_HOSTS,
      publicUrl: values.PUBLIC_URL === '' ? undefined : values.PUBLIC_URL,
    },
    postgres: {
      /** Empty where no history is kept. */
      dsn: values.POSTGRES_DSN,
      table: values.POSTGRES_TABLE,
      retentionDays: values.POSTGRES_RETENTION_DAYS,
      minuteRetentionDays: values.RETENTION_1M_DAYS,
      hourRetentionDays: values.RETENTION_1H_DAYS,
      alertHistoryDays: values.ALERT_HISTORY_DAYS,
    },
    agents: {
      token: values.AGENT_API_TOKEN,
      identity: values.AGENT_IDENTITY,
      ratePerMinute: values.AGENT_RATE_LIMIT_PER_MINUTE,
      newPerMinute: values.AGENT_NEW_LIMIT_PER_MINUTE,
      most: values.AGENT_LIMIT,
    },
    backpressure: {
      maxJobs: values.BACKLOG_MAX_JOBS,
      maxAgeSeconds: values.BACKLOG_MAX_SECONDS,
      memoryPercent: values.REDIS_MEMORY_PERCENT,
    },
    access: { viewerToken: values.VIEWER_TOKEN, operatorToken: values.OPERATOR_TOKEN },
    worker: { port: values.WORKER_PORT },
    drainSeconds: values.DRAIN_SECONDS,
    logLevel: values.LOG_LEVEL,
    failpoints: values.FAILPOINTS,
  });
}
