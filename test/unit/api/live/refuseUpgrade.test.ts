import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { refuseUpgrade } from '../../../../api/live/refuseUpgrade.ts';
import { waitFor } from '../../../support/waitFor.ts';

let server: Server;
let client: Socket;

beforeEach(async () => {
  server = createServer();
  server.on('upgrade', (_request, socket) => refuseUpgrade(socket, '404 Not Found'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  client.write('GET /other HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
});

afterEach(() => {
  client.destroy();
  server.close();
});

describe('a refused upgrade', () => {
  test('says why', async () => {
    const [answer] = (await once(client, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 404 Not Found\r\n[^]*{"detail":"Not Found"}$/);
  });

  test('frees the socket of a client that sends more, then closes', async () => {
    await once(client, 'data');
    client.end('x');
    await waitFor(async () => (await connections()) === 0);
  });

  test('frees the socket of a client that never closes', async () => {
    await once(client, 'data');
    await waitFor(async () => (await connections()) === 0);
  });
});

function connections(): Promise<number> {
  return promisify(server.getConnections.bind(server))();
}
