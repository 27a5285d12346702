import { afterAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { openApiDocument } from '../../../../api/http/openapi.ts';
import type { Route } from '../../../../api/http/route.ts';
import { allRoutes } from '../../../support/routes.ts';

interface Operation {
  operationId: string;
  summary: string;
  tags: string[];
  security?: Record<string, unknown[]>[];
  parameters?: { name: string; in: string; required: boolean; schema: unknown }[];
  requestBody?: { required: boolean; content: Record<string, { schema: unknown }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: unknown }> }>;
}

interface Schema {
  type: string;
  required: string[];
  properties: Record<string, Record<string, unknown>>;
}

// The routes are described, not called: nothing connects.
const redis = new Redis({ lazyConnect: true });
afterAll(() => redis.disconnect());

const routes = allRoutes(redis);
// As a client reads it.
const document = JSON.parse(JSON.stringify(openApiDocument(routes, '1.2.3'))) as {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, unknown> };
};
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
);

/** A path as OpenAPI writes it. */
function asDescribed(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}');
}

function operationOf({ method, path }: Route): Operation {
  const operation = document.paths[asDescribed(path)]?.[method];
  if (operation === undefined) throw new Error(`${method} ${path} is not described`);
  return operation;
}

/** Every value of a key, at any depth. */
function valuesOf(key: string, value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(name === key ? [inner] : []),
    ...valuesOf(key, inner),
  ]);
}

function at(pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], document);
}

test('describes exactly the routes there are', () => {
  const described = operations.map(({ path, method }) => `${method} ${path}`);
  expect(described.toSorted()).toEqual(
    routes.map(({ method, path }) => `${method} ${asDescribed(path)}`).toSorted(),
  );
  expect(described).toEqual(
    expect.arrayContaining([
      'post /ingest/metrics',
      'get /api/metrics/recent',
      'get /api/alerts/recent',
      'get /health',
    ]),
  );
});

describe('the document is OpenAPI 3.1 in shape', () => {
  test('with its version, title and parts', () => {
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Topline', version: '1.2.3' } });
    expect(Object.keys(document).toSorted()).toEqual(['components', 'info', 'openapi', 'paths']);
    for (const path of Object.keys(document.paths)) expect(path).toMatch(/^\//);
    for (const name of Object.keys(document.components.schemas)) expect(name).toMatch(/^[A-Za-z0-9._-]+$/);
  });

  test('with an operation id of its own, a summary and answers for each operation', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operation } of operations) {
      expect(operation.operationId).toMatch(/^[a-z][A-Za-z]+$/);
      expect(operation.summary).not.toBe('');
      expect(operation.tags).toHaveLength(1);
      expect(Object.keys(operation.responses).some((status) => /^2\d\d$/.test(status))).toBe(true);
      for (const [status, { description, content }] of Object.entries(operation.responses)) {
        expect(status).toMatch(/^[2-5]\d\d$/);
        expect(description).not.toBe('');
        for (const { schema } of Object.values(content ?? {})) expect(schema).toBeDefined();
      }
    }
  });

  test('with references that all lead somewhere', () => {
    const references = valuesOf('$ref', document);
    expect(references.length).toBeGreaterThan(5);
    for (const reference of references)
      expect([reference, at(String(reference))]).toEqual([reference, expect.anything()]);
  });

  test('without anything of JSON Schema that only a document of its own may have', () => {
    expect(valuesOf('$schema', document)).toEqual([]);
    expect(valuesOf('$defs', document)).toEqual([]);
  });

  test('with security schemes for all that operations ask for', () => {
    const asked = operations.flatMap(({ operation }) => operation.security ?? []).flatMap(Object.keys);
    expect(asked.length).toBeGreaterThan(0);
    for (const name of asked) expect(Object.keys(document.components.securitySchemes)).toContain(name);
  });
});

describe('a snapshot', () => {
  const defaults = [
    'per_core_cpu_percent',
    'system_memory_total_mb',
    'system_memory_used_mb',
    'top_processes',
  ];

  test('as it is answered always has every field with a default', () => {
    const { Snapshot, ProcessSample } = document.components.schemas;
    expect(Snapshot?.required).toEqual(['timestamp', 'total_cpu_percent', ...defaults]);
    expect(ProcessSample?.required).toHaveLength(8);
  });

  test('as it is sent may leave them out', () => {
    const { SnapshotInput, ProcessSampleInput } = document.components.schemas;
    expect(SnapshotInput?.required).toEqual(['timestamp', 'total_cpu_percent']);
    expect(Object.keys(SnapshotInput?.properties ?? {})).toEqual(expect.arrayContaining(defaults));
    expect(ProcessSampleInput?.required).toEqual(['pid', 'name', 'cpu_percent', 'memory_mb']);
    expect(SnapshotInput?.properties['top_processes']).toMatchObject({
      maxItems: 12,
      items: { $ref: '#/components/schemas/ProcessSampleInput' },
    });
  });

  test('is what ingest takes and what recent answers', () => {
    expect(at('#/paths')).toBeDefined();
    const ingest = document.paths['/ingest/metrics']?.['post'];
    const recent = document.paths['/api/metrics/recent']?.['get'];
    expect(ingest?.requestBody).toEqual({
      required: true,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/SnapshotInput' } } },
    });
    expect(recent?.responses['200']?.content?.['application/json']?.schema).toEqual({
      type: 'array',
      items: { $ref: '#/components/schemas/Snapshot' },
    });
  });
});

describe('what is described is what can happen', () => {
  test.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))('%s', (_, route) => {
    const { responses, security, parameters = [] } = operationOf(route);
    const statuses = Object.keys(responses);
    if (route.access !== 'open') {
      expect(statuses).toContain('401');
      expect(security).toBeDefined();
    }
    // What is checked can be wrong.
    if ([route.body, route.query, route.params].some(Boolean)) expect(statuses).toContain('422');
    if (route.body !== undefined) expect(statuses).toEqual(expect.arrayContaining(['413', '415']));
    for (const [status, { content }] of Object.entries(responses)) {
      if (Number(status) < 400) continue;
      expect(content).toEqual({ 'application/json': { schema: { $ref: '#/components/schemas/Error' } } });
    }
    for (const parameter of parameters) expect(['path', 'query', 'header']).toContain(parameter.in);
    const inPath = parameters.filter((parameter) => parameter.in === 'path');
    expect(inPath.map(({ name }) => `:${name}`)).toEqual(route.path.match(/:\w+/g) ?? []);
    for (const { required } of inPath) expect(required).toBe(true);
  });

  test('the query of the alerts, with its bounds and its default', () => {
    const [minutes] = document.paths['/api/alerts/recent']?.['get']?.parameters ?? [];
    expect(minutes).toMatchObject({ name: 'minutes', in: 'query', required: false, schema: { default: 60 } });
  });

  test('the headers of an agent', () => {
    const names = document.paths['/ingest/metrics']?.['post']?.parameters?.map(({ name }) => name);
    expect(names).toEqual(['X-Agent-Id', 'X-Agent-Labels', 'X-Agent-Token']);
  });
});

describe('an example', () => {
  const answered = routes.flatMap((route) =>
    Object.entries(route.answers).flatMap(([status, { schema, example }]) =>
      example === undefined ? [] : [{ route, status, schema, example }],
    ),
  );

  test('of an answer is what the schema says, and stands in the document', () => {
    expect(answered.length).toBeGreaterThan(0);
    for (const { route, status, schema, example } of answered) {
      expect(schema?.parse(example)).toEqual(example);
      expect(operationOf(route).responses[status]?.content?.['application/json']).toMatchObject({ example });
    }
  });

  test('of a body is what the schema takes, and stands in the document', () => {
    const withExample = routes.filter(({ bodyExample }) => bodyExample !== undefined);
    expect(withExample.length).toBeGreaterThan(0);
    for (const route of withExample) {
      expect(route.body?.parse(route.bodyExample)).toEqual(route.bodyExample);
      expect(operationOf(route).requestBody?.content['application/json']).toMatchObject({
        example: route.bodyExample,
      });
    }
  });
});
