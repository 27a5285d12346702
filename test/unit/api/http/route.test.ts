import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import Router from '@koa/router';
import Koa from 'koa';
import { z } from 'zod';
import type { State } from '../../../../api/http/context.ts';
import { errors } from '../../../../api/http/errors.ts';
import { route, type Route } from '../../../../api/http/route.ts';
import { endpoint } from '../../../../core/contracts/endpoint.ts';

const thing = endpoint({
  method: 'post',
  path: '/things/:id',
  summary: 'Make a thing',
  tag: 'operations',
  params: z.object({ id: z.string().max(3) }),
  query: z.object({ limit: z.coerce.number<string>().default(7) }),
  body: z.object({ name: z.string() }),
  answers: {
    201: { description: 'It', schema: z.object({ id: z.string(), name: z.string(), limit: z.number() }) },
  },
});

const bytes = endpoint({
  method: 'get',
  path: '/bytes',
  summary: 'JSON as it is',
  tag: 'operations',
  answers: { 200: { description: 'A list', schema: z.array(z.number()) } },
});

/** What a service with one route answers. */
async function ask(served: Route, path: string, init: RequestInit = {}): Promise<Response> {
  const router = new Router<State>();
  router[served.method](served.path, (ctx) => served.handle(ctx));
  const app = new Koa<State>();
  app.use(errors());
  app.use(router.routes());
  const server = app.listen(0, '127.0.0.1');
  try {
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('no port');
    const response = await fetch(`http://127.0.0.1:${address.port}${path}`, init);
    return new Response(await response.arrayBuffer(), response);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function posted(body: unknown): RequestInit {
  return { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
}

describe('a route', () => {
  const making = route(thing, {
    access: 'operator',
    maxBodyBytes: 64,
    async handle(request) {
      const { id } = request.params();
      const { limit } = request.query();
      const { name } = await request.body();
      return { id, name, limit };
    },
  });

  test('is its endpoint, with who may', () => {
    expect(making).toMatchObject({ ...thing, access: 'operator' });
  });

  test('gives each part of a request as its schema has it, and answers with the status of the success', async () => {
    const response = await ask(making, '/things/a1?limit=3', posted({ name: 'n', more: true }));
    expect([response.status, await response.json()]).toEqual([201, { id: 'a1', name: 'n', limit: 3 }]);
  });

  test.each([
    ['/things/long', { name: 'n' }, 422, 'path'],
    ['/things/a1?limit=x', { name: 'n' }, 422, 'query'],
    ['/things/a1', {}, 422, 'body'],
  ])('refuses %s with %j by the part that is wrong', async (path, body, status, part) => {
    const response = await ask(making, path, posted(body));
    const { detail } = (await response.json()) as { detail: { loc: string[] }[] };
    expect([response.status, detail[0]?.loc[0]]).toEqual([status, part]);
  });

  test('reads no body beyond its limit', async () => {
    const response = await ask(making, '/things/a1', posted({ name: 'n'.repeat(64) }));
    expect(response.status).toBe(413);
  });

  test('checks nothing that its handler does not ask for', async () => {
    const deaf = route(thing, {
      access: 'open',
      handle: async () => ({ id: 'a', name: 'b', limit: 1 }),
    });
    expect((await ask(deaf, '/things/long', posted({}))).status).toBe(201);
  });
});

test.each([
  ['a buffer', () => Buffer.from('[1,2]')],
  ['a stream', () => Readable.from([Buffer.from('[1,'), Buffer.from('2]')])],
])('%s is JSON as it is', async (_, answer) => {
  const response = await ask(route(bytes, { access: 'open', handle: async () => answer() }), '/bytes');
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect([response.status, await response.text()]).toEqual([200, '[1,2]']);
});
