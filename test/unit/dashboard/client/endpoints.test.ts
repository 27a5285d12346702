import { afterAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { addressOf } from '../../../../dashboard/client/address.ts';
import { ENDPOINTS } from '../../../../dashboard/client/endpoints.ts';
import { allRoutes } from '../../../support/routes.ts';

const redis = new Redis({ lazyConnect: true });
afterAll(() => redis.disconnect());

test.each(Object.entries(ENDPOINTS))('%s is a route of the API', (_, { method, path }) => {
  expect(allRoutes(redis).map((route) => [route.method, route.path])).toContainEqual([method, path]);
});

test('every route that people read is an endpoint of the client, or is known not to be', () => {
  const known = new Set(Object.values(ENDPOINTS).map(({ method, path }) => `${method} ${path}`));
  const unknown = allRoutes(redis)
    .filter(({ access, method, path }) => access !== 'agent' && !known.has(`${method} ${path}`))
    .map(({ path }) => path);
  expect(unknown).toEqual(['/api/export', '/livez', '/readyz', '/metrics']);
});

test('an address has its path filled in and its query escaped, without what is undefined', () => {
  expect(addressOf('agent', { params: { id: 'web:01' } })).toBe('/api/agents/web%3A01');
  expect(addressOf('processHistory', { query: { agent: 'a', name: 'x & y=ü', step: undefined } })).toBe(
    '/api/processes/history?agent=a&name=x+%26+y%3D%C3%BC',
  );
  expect(addressOf('agents', { query: { label: ['env=prod', 'role=web'], limit: 10 } })).toBe(
    '/api/agents?label=env%3Dprod&label=role%3Dweb&limit=10',
  );
  expect(addressOf('health')).toBe('/health');
});
