import { readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../core/config.ts';
import { isAlive } from '../../scripts/embedded/otherProcess.ts';
import { createLauncher, type Launcher } from '../../scripts/launch.ts';
import { makeTempDir, type TempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

/** An API that answers with what it was given, drains for a while, and ends with its parent. */
const API = `
import { createServer } from 'node:http';
import { appendFileSync } from 'node:fs';
const { PORT, HOST, REDIS_URL, POSTGRES_DSN, JOURNAL } = process.env;
const server = createServer((request, response) => response.end(JSON.stringify({ pid: process.pid, REDIS_URL, POSTGRES_DSN })));
server.listen(Number(PORT), HOST, () => {
  process.send('ready');
  process.send({ type: 'ready', url: 'http://' + HOST + ':' + server.address().port });
});
process.on('SIGTERM', () => setTimeout(() => { appendFileSync(JOURNAL, 'api\\n'); process.exit(0); }, 50));
process.on('disconnect', () => process.exit(0));
`;
const WORKERS = `
import { appendFileSync } from 'node:fs';
setInterval(() => undefined, 1000);
process.send('ready');
process.on('SIGTERM', () => { appendFileSync(process.env.JOURNAL, 'workers\\n'); process.exit(0); });
process.on('disconnect', () => process.exit(0));
`;
const AGENT = `
setInterval(() => undefined, 1000);
console.error(JSON.stringify({ args: process.argv.slice(2), env: process.env }));
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
`;

describe('npm start', () => {
  let directory: TempDir;
  let said: string[];
  let givenUp: string[];
  let launcher: Launcher | undefined;
  beforeEach(async () => {
    directory = await makeTempDir();
    said = [];
    givenUp = [];
    launcher = undefined;
  });
  afterEach(async () => {
    await launcher?.stop();
    await directory.remove();
  });

  const path = (name: string) => join(directory.path, name);
  const journal = () => readFile(path('journal'), 'utf8').catch(() => '');

  async function create(
    given: { env?: Record<string, string>; api?: string; agent?: boolean } = {},
  ): Promise<Launcher> {
    const entries = { api: path('api.mjs'), workers: path('workers.mjs'), agent: path('agent.mjs') };
    await writeFile(entries.api, given.api ?? API);
    await writeFile(entries.workers, WORKERS);
    await writeFile(entries.agent, AGENT);
    const env = {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      PORT: '0',
      JOURNAL: path('journal'),
      ...given.env,
    };
    launcher = createLauncher({
      config: loadConfig(env),
      env,
      dataDir: path('data'),
      cacheDir: resolve('.topline/cache'),
      agent: given.agent ?? false,
      entries,
      say: (line) => void said.push(line),
      giveUp: (reason) => void givenUp.push(reason),
    });
    return launcher;
  }
  const CONFIGURED = {
    REDIS_URL: 'redis://redis.example.org/0',
    POSTGRES_DSN: 'postgresql://a:b@db.example.org/x',
  };
  const ask = async (url: string) =>
    (await (await fetch(url)).json()) as Record<string, string> & { pid: number };

  test('brings up both stores, hands their addresses on, and stops all in order', async () => {
    const { url } = await (
      await create({ agent: true, env: { AGENT_API_TOKEN: 'agent-secret', VIEWER_TOKEN: 'v' } })
    ).start();
    const { REDIS_URL = '', POSTGRES_DSN = '', pid } = await ask(url);
    expect(REDIS_URL).toMatch(/^redis:\/\/:[0-9a-f]{64}@127\.0\.0\.1:\d+\/0$/);
    expect(POSTGRES_DSN).toMatch(/^postgresql:\/\/topline:[0-9a-f]{64}@127\.0\.0\.1:\d+\/topline$/);

    const written = await waitFor(async () => readFile(path('data/logs/agent.log'), 'utf8'));
    const agent = JSON.parse(written) as { args: string[]; env: Record<string, string> };
    expect(agent.args).toEqual([
      '--url',
      url.replace('localhost', '127.0.0.1'),
      '--id',
      expect.any(String),
      '--interval',
      '2',
      '--buffer-dir',
      path('data/agent'),
    ]);
    expect(agent.env).toMatchObject({ AGENT_API_TOKEN: 'agent-secret' });
    expect(Object.keys(agent.env)).not.toEqual(expect.arrayContaining(['REDIS_URL']));
    expect(agent.env).not.toHaveProperty('VIEWER_TOKEN');

    const stores = await Promise.all(
      ['data/redis/redis.pid', 'data/postgres/cluster/postmaster.pid'].map(async (file) =>
        Number.parseInt(await readFile(path(file), 'utf8'), 10),
      ),
    );
    expect([pid, ...stores].map(isAlive)).toEqual([true, true, true]);
    await launcher?.stop();
    expect([pid, ...stores].map(isAlive)).toEqual([false, false, false]);
    expect(await journal()).toBe('api\nworkers\n');
    await expect(stat(path('data/topline.lock'))).rejects.toThrow('ENOENT');
  });

  test('starts no store where both are configured', async () => {
    const { url } = await (await create({ env: CONFIGURED })).start();
    expect(await ask(url)).toMatchObject(CONFIGURED);
    expect(said).toEqual([]);
  });

  test('starts a process again that was killed, on the same port', async () => {
    const { url } = await (await create({ env: CONFIGURED })).start();
    const { pid } = await ask(url);
    process.kill(pid, 'SIGKILL');
    await waitFor(() => said.includes('api: running again'));
    expect((await ask(url)).pid).not.toBe(pid);
    expect(said[0]).toBe('api: ended (SIGKILL), starting it again');
  });

  test('starts a killed Redis again at the same address', async () => {
    const { url } = await (await create({ env: { POSTGRES_DSN: CONFIGURED.POSTGRES_DSN } })).start();
    const before = (await ask(url))['REDIS_URL'];
    process.kill(Number.parseInt(await readFile(path('data/redis/redis.pid'), 'utf8'), 10), 'SIGKILL');
    await waitFor(() => said.includes('Redis: running again'));
    expect(await readFile(path('data/redis/redis.conf'), 'utf8')).toContain(
      `port ${new URL(before ?? '').port}\n`,
    );
  });

  test('fails with the last words of a process that does not come up, and leaves nothing running', async () => {
    const api = `console.log(JSON.stringify({ level: 60, msg: 'could not start: no room' })); process.exit(1);`;
    await create({ env: CONFIGURED, api });
    await expect(launcher?.start()).rejects.toMatchObject({
      name: 'StartError',
      message: 'api ended while starting (exit code 1).\n  could not start: no room',
    });
    await launcher?.stop();
    expect(said).toEqual(['api: could not start: no room']);
    await expect(stat(path('data/topline.lock'))).rejects.toThrow('ENOENT');
  });

  test('can be stopped before it is up', async () => {
    const api = `setInterval(() => undefined, 1000);`;
    await create({ env: CONFIGURED, api });
    const starting = expect(launcher?.start()).rejects.toThrow('stopped while starting');
    await waitFor(() => stat(path('data/logs/api.log')));
    await launcher?.stop();
    await starting;
  });

  test('is refused where a run that is alive has the data', async () => {
    await (await create({ env: CONFIGURED })).start();
    const first = launcher;
    await expect((await create({ env: CONFIGURED })).start()).rejects.toThrow(
      /already running on .*http:\/\/127/,
    );
    await first?.stop();
  });
});
