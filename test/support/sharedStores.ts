import type { RedisServer } from '../../scripts/embedded/embeddedRedis.ts';

/** Through these globalSetup tells the test files, which run in processes of their own, what there is. */
export const REDIS_SERVER_VARIABLE = 'TOPLINE_TEST_REDIS_SERVER';
export const POSTGRES_VARIABLE = 'TOPLINE_TEST_POSTGRES_DSN';

/** The Redis server program found for this run. */
export function redisServer(): RedisServer {
  return JSON.parse(variable(REDIS_SERVER_VARIABLE)) as RedisServer;
}

/** The shared cluster, by a DSN that may create databases. */
export function sharedPostgresDsn(): string {
  return variable(POSTGRES_VARIABLE);
}

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined)
    throw new Error(`${name} is not set: run the tests with npm test, or with jest and its config`);
  return value;
}
