import { readdirSync } from 'node:fs';
import { afterAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Endpoint } from '../../../../core/contracts/endpoint.ts';
import { allRoutes } from '../../../support/routes.ts';

const DIRECTORY = new URL('../../../../core/contracts/endpoints/', import.meta.url);

const redis = new Redis({ lazyConnect: true });
afterAll(() => redis.disconnect());

function isEndpoint(value: unknown): value is Endpoint {
  return typeof value === 'object' && value !== null && 'method' in value && 'path' in value;
}

/** Every endpoint that a file of the folder exports, alone or among others. */
async function declared(): Promise<Endpoint[]> {
  const files = await Promise.all(
    readdirSync(DIRECTORY).map((name) => import(new URL(name, DIRECTORY).href) as Promise<object>),
  );
  return files
    .flatMap((file) => Object.values(file) as object[])
    .flatMap((value) => (isEndpoint(value) ? [value] : Object.values(value).filter(isEndpoint)));
}

const nameOf = ({ method, path }: Endpoint) => `${method} ${path}`;

test('the routes of the API are the endpoints that are declared, each once', async () => {
  const endpoints = await declared();
  const routes = allRoutes(redis);
  expect(routes.map(nameOf).toSorted()).toEqual(endpoints.map(nameOf).toSorted());
  for (const endpoint of endpoints)
    expect(routes.find((route) => nameOf(route) === nameOf(endpoint))).toMatchObject(endpoint);
});

test('one answer of each is a success', async () => {
  for (const { answers } of await declared())
    expect(Object.keys(answers).filter((status) => status.startsWith('2'))).toHaveLength(1);
});
