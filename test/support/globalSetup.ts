import { chmod, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findRedisServer } from '../../scripts/embedded/embeddedRedis.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../scripts/embedded/embeddedPostgres.ts';
import { REDIS_SERVER_VARIABLE, POSTGRES_VARIABLE } from './sharedStores.ts';

declare global {
  /** What globalTeardown gives back: both run in Jest's own process, the test files do not. */
  var toplineTestStores: { postgres: EmbeddedPostgres; directory: string } | undefined;
}

/** Starts one PostgreSQL for the whole run and finds a Redis server; the test files get both through the environment. */
export default async function globalSetup(config: { rootDir: string }): Promise<void> {
  const log = (line: string) => console.log(line);
  const directory = await mkdtemp(join(await fastestFolder(), 'topline-test-'));
  // Where the tests run as root, PostgreSQL runs as somebody else, who must be able to get in.
  await chmod(directory, 0o755);
  try {
    const [server, postgres] = await Promise.all([
      findRedisServer({ cacheDir: resolve(config.rootDir, '.topline/cache'), log }),
      startEmbeddedPostgres({
        dataDir: join(directory, 'postgres'),
        fast: true,
        maxConnections: 300,
        log: () => undefined,
      }),
    ]);
    globalThis.toplineTestStores = { postgres, directory };
    process.env[REDIS_SERVER_VARIABLE] = JSON.stringify(server);
    process.env[POSTGRES_VARIABLE] = postgres.handle.dsn;
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

const MEMORY = '/dev/shm';

/** Some two hundred databases of three hundred files each are made in a run, a few of them there at once. */
const ROOM_BYTES = 4 * 1024 ** 3;

/** In memory, where Linux has a folder there with room for it: a container's is often of 64 MB. */
async function fastestFolder(): Promise<string> {
  const room = await statfs(MEMORY).catch(() => undefined);
  return room !== undefined && room.bavail * room.bsize >= ROOM_BYTES ? MEMORY : tmpdir();
}
