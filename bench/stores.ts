import { chmod, mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../scripts/embedded/embeddedPostgres.ts';
import {
  findRedisServer,
  startEmbeddedRedis,
  type EmbeddedRedis,
} from '../scripts/embedded/embeddedRedis.ts';

/** The stores as `npm start` brings them, each run with empty ones: nothing of one run is left for the next to pay. */
export interface Stores {
  readonly redisVersion: string;
  readonly postgresPid: number;
  /** A Redis that writes each command to disk before it answers. */
  startRedis(): Promise<EmbeddedRedis & { remove(): Promise<void> }>;
  /** A database on the PostgreSQL that all runs share, with nothing of an earlier run left to be written. */
  createDatabase(): Promise<{ dsn: string; drop(): Promise<void> }>;
  close(): Promise<void>;
}

const quiet = () => undefined;

export async function openStores(directory: string, log: (line: string) => void): Promise<Stores> {
  const server = await findRedisServer({ cacheDir: resolve('.topline/cache'), log });
  await mkdir(directory, { recursive: true });
  // As root the server runs as somebody else, who must be able to get in.
  await chmod(directory, 0o755);
  const postgres = await startEmbeddedPostgres({ dataDir: join(directory, 'postgres'), log: quiet });
  let made = 0;

  async function asAdmin(statement: string): Promise<void> {
    const dsn = new URL(postgres.handle.dsn);
    dsn.pathname = '/postgres';
    const client = new pg.Client({ connectionString: dsn.href });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  }

  return {
    redisVersion: server.version,
    postgresPid: postgres.handle.pid,
    async startRedis() {
      const dataDir = join(directory, `redis-${(made += 1)}`);
      const redis = await startEmbeddedRedis({ dataDir, server, appendFsync: 'always', log: quiet });
      return {
        ...redis,
        async remove() {
          await redis.close();
          await rm(dataDir, { recursive: true, force: true });
        },
      };
    },
    async createDatabase() {
      const name = `run_${(made += 1)}`;
      await asAdmin(`CREATE DATABASE ${name}`);
      await asAdmin('CHECKPOINT');
      const dsn = new URL(postgres.handle.dsn);
      dsn.pathname = `/${name}`;
      return { dsn: dsn.href, drop: () => asAdmin(`DROP DATABASE ${name} WITH (FORCE)`) };
    },
    close: () => postgres.close(),
  };
}
