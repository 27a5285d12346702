import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, request, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import Koa from 'koa';
import { dashboardRouter } from '../../../../api/http/dashboard.ts';
import type { State } from '../../../../api/http/context.ts';
import { errors } from '../../../../api/http/errors.ts';
import { makeTempDir, type TempDir } from '../../../support/tempDir.ts';

/** On a free port of this machine. */
async function serve(directory: string): Promise<Server> {
  const app = new Koa<State>().use(errors()).use(dashboardRouter(directory).routes());
  // Whoever has read enough leaves.
  app.on('error', () => undefined);
  const server = createServer((req, res) => void app.callback()(req, res)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const PAGE = '<!doctype html><title>Topline</title>';

describe('the dashboard’s files', () => {
  let directory: TempDir;
  let server: Server;
  beforeEach(async () => {
    directory = await makeTempDir();
    await mkdir(join(directory.path, 'assets'));
    await write('index.html', PAGE);
    await write('assets/index-abc.js', 'plain');
    await write('assets/index-abc.js.br', 'brotli');
    await write('assets/index-abc.js.gz', 'gzip');
    server = await serve(directory.path);
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    await directory.remove();
  });

  const write = (name: string, content: string) => writeFile(join(directory.path, name), content);

  /** By hand: fetch would take the compression off, and the dots out of the path. */
  function get(path: string, headers: Record<string, string> = {}) {
    return new Promise<{ status: number | undefined; headers: IncomingHttpHeaders; body: string }>(
      (resolve, reject) => {
        const { port } = server.address() as AddressInfo;
        request({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
          let body = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
          response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
        })
          .on('error', reject)
          .end();
      },
    );
  }

  test.each(['/', '/hosts', '/hosts/web-01', '/alerts', '/operations', '/sign-in'])(
    '%s is the one page, which is asked for anew each time',
    async (path) => {
      const { status, headers, body } = await get(path);
      expect({ status, body }).toEqual({ status: 200, body: PAGE });
      expect(headers['content-type']).toBe('text/html; charset=utf-8');
      expect(headers['cache-control']).toBe('no-cache');
    },
  );

  test.each([
    ['br', 'brotli', 'gzip, deflate, br'],
    ['gzip', 'gzip', 'gzip'],
    [undefined, 'plain', 'identity'],
  ])(
    'a file is sent compressed as %s by who can read it, to be kept for ever',
    async (encoding, body, accepted) => {
      const answer = await get('/assets/index-abc.js', { 'Accept-Encoding': accepted });
      expect({ status: answer.status, body: answer.body }).toEqual({ status: 200, body });
      expect(answer.headers['content-encoding']).toBe(encoding);
      expect(answer.headers['content-type']).toMatch(/^(?:text|application)\/javascript/);
      expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
      expect(answer.headers.vary).toBe('Accept-Encoding');
    },
  );

  test.each([
    '/assets/index-gone.js',
    '/assets/',
    '/assets/.',
    '/assets/..',
    '/assets/../index.html',
    '/assets/%2e%2e%2findex.html',
    '/assets/%00',
    '/index.html',
    '/nothing',
  ])('%s is nothing, and nobody keeps that', async (path) => {
    const { status, headers, body } = await get(path);
    expect({ status, body }).toEqual({ status: 404, body: '{"detail":"Not Found"}' });
    expect(headers['cache-control']).toBeUndefined();
  });

  test('say what to do where they were not built', async () => {
    const other = await serve(join(directory.path, 'none'));
    const { port } = other.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { Connection: 'close' } });
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('npm run setup');
    await new Promise((resolve) => other.close(resolve));
  });
});
