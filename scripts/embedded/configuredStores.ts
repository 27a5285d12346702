// Of the environment alone: asked before there is a configuration, which needs to know where the stores are.

/** Whether the environment names a Redis to use, so that none has to be started. */
export function redisIsConfigured(env: Record<string, string | undefined>): boolean {
  return ['REDIS_URL', 'REDIS_HOST', 'REDIS_SENTINELS'].some((name) => env[name]?.trim());
}

/** Whether the environment names a PostgreSQL to use, so that none has to be started. */
export function postgresIsConfigured(env: Record<string, string | undefined>): boolean {
  return Boolean(env['POSTGRES_DSN']?.trim());
}
