import { expect, test } from '@jest/globals';
import { addressOf } from '../../../../dashboard/client/address.ts';
import { createClient } from '../../../../dashboard/client/client.ts';
import type { RequestOptions } from '../../../../dashboard/client/request.ts';

/** A client that notes what it asks. */
function noting() {
  const asked: [path: string, options: RequestOptions | undefined][] = [];
  const client = createClient({
    request: async <T>(path: string, options?: RequestOptions) => {
      asked.push([path, options]);
      return undefined as T;
    },
  });
  return { client, asked };
}

test('a call is a request of its method, with its path filled in', async () => {
  const { client, asked } = noting();
  const { signal } = new AbortController();
  await client.get('/api/agents', { query: { limit: 10 }, signal });
  await client.put('/api/maintenance/:id', { params: { id: 'a/b' }, body: WINDOW, ifVersion: 3 });
  await client.delete('/api/session');
  expect(asked).toEqual([
    ['/api/agents?limit=10', { method: 'GET', signal }],
    ['/api/maintenance/a%2Fb', { method: 'PUT', body: WINDOW, ifVersion: 3 }],
    ['/api/session', { method: 'DELETE' }],
  ]);
});

const WINDOW = {
  name: 'Backups',
  match: { agents: ['*'] },
  cron: '0 3 * * *',
  duration_seconds: 60,
  author: 'Ada',
};

test('what no endpoint is declared with does not compile', () => {
  const { client } = noting();
  const calls = [
    // @ts-expect-error no such path
    () => client.get('/api/agent'),
    // @ts-expect-error of another method
    () => client.post('/api/agents'),
    // @ts-expect-error no such parameter
    () => client.get('/api/agents', { query: { sorted: 'cpu' } }),
    // @ts-expect-error no such choice
    () => client.get('/api/agents', { query: { sort: 'color' } }),
    // @ts-expect-error what it cannot be asked without
    () => client.get('/api/metrics/at'),
    // @ts-expect-error the id in the path
    () => client.get('/api/agents/:id', {}),
    // @ts-expect-error a body that is none of a silence
    () => client.post('/api/silences', { body: { ends_at: 'tomorrow' } }),
    // @ts-expect-error a change of whichever version
    () => client.delete('/api/maintenance/:id', { params: { id: 'a' } }),
    // @ts-expect-error a field that the answer has not
    async () => (await client.get('/api/session')).token,
  ];
  expect(calls).toHaveLength(9);
});

test('an address has its path filled in and its query escaped, without what is undefined', () => {
  expect(addressOf('/api/agents/:id', { params: { id: 'web:01' } })).toBe('/api/agents/web%3A01');
  expect(
    addressOf('/api/processes/history', { query: { agent: 'a', name: 'x & y=ü', step: undefined } }),
  ).toBe('/api/processes/history?agent=a&name=x+%26+y%3D%C3%BC');
  expect(addressOf('/api/agents', { query: { label: ['env=prod', 'role=web'], limit: 10 } })).toBe(
    '/api/agents?label=env%3Dprod&label=role%3Dweb&limit=10',
  );
  expect(addressOf('/health')).toBe('/health');
});
