import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { freePort } from '../../scripts/embedded/dataDir.ts';
import { get } from '../support/http.ts';
import { startTestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

test('a process that can accept nothing more says so and ends', async () => {
  const redis = await startTestRedis();
  const port = await freePort();
  const main = fileURLToPath(new URL('../../dist/api/main.js', import.meta.url));
  // Loading its modules alone takes more than a hundred at a time.
  const child = spawn('/bin/sh', ['-c', 'ulimit -n 400 && exec "$0" "$1"', process.execPath, main], {
    env: { HOST: '127.0.0.1', PORT: String(port), REDIS_URL: redis.url, DRAIN_SECONDS: '3' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  const exited = once(child, 'exit') as Promise<[number | null]>;
  await waitFor(async () => (await get(`http://127.0.0.1:${port}/livez`)).status === 200);

  // As many as it can take and more; who is let go comes back, as clients do.
  const clients = new Set<Socket>();
  const keep = () => {
    const client = connect(port, '127.0.0.1').on('error', () => undefined);
    clients.add(client);
    client.once('close', () => clients.delete(client));
  };
  const timer = setInterval(() => {
    while (clients.size < 450) keep();
  }, 100);
  const [code] = await exited;
  clearInterval(timer);
  for (const client of clients) client.destroy();
  expect(code).toBe(1);
  expect(output).toContain('no file descriptor');
  await redis.close();
});
