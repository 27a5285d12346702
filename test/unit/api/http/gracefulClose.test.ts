import { expect, test } from '@jest/globals';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createGracefulClose } from '../../../../api/http/gracefulClose.ts';

/** A program of its own, which connects while this one is busy: prints the answers, or the error. */
const CLIENT = `
const [port] = process.argv.slice(1);
const sockets = Array.from({ length: 20 }, () => require('node:net').connect(Number(port), '127.0.0.1'));
for (const socket of sockets) {
  socket.on('connect', () => socket.write('GET / HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n'));
  socket.on('data', (data) => console.log(String(data).split('\\r\\n')[0]));
  socket.on('error', (error) => console.log(error.code));
}`;

async function listening() {
  const server = createServer((_request, response) => response.end('here'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

// Seen through /proc, so on Linux only.
(process.platform === 'linux' ? test : test.skip)(
  'clients that the kernel has connected when a port is closed are answered, not cut off',
  async () => {
    const { server, port } = await listening();
    const closing = createGracefulClose(server);
    const client = spawn(process.execPath, ['-e', CLIENT, String(port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said = text(client.stdout);
    await once(client, 'spawn');
    // Keeps this process from taking connections until all of them wait.
    execFileSync(process.execPath, [
      '-e',
      `const look = () => require('node:fs').readFileSync('/proc/net/tcp', 'utf8').split('\\n')
       .filter((line) => line.includes('0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} 0100007F:') && / 01 /.test(line)).length;
     while (look() < 20);`,
    ]);
    await closing.close();
    await closing.letClientsLeave();
    expect((await said).trim().split('\n')).toEqual(Array.from({ length: 20 }, () => 'HTTP/1.1 200 OK'));
  },
);

test('a closed port refuses whoever comes later', async () => {
  const { server, port } = await listening();
  const closing = createGracefulClose(server);
  await closing.close();
  await closing.letClientsLeave();
  const [error] = (await once(connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
});
