import { z } from 'zod';
import type { Answer, Example } from '../../core/contracts/endpoint.ts';
import type { Route } from './route.ts';

const errorSchema = z
  .object({
    detail: z.union([
      z.string(),
      z.array(
        z.object({ loc: z.array(z.union([z.string(), z.number()])), msg: z.string(), type: z.string() }),
      ),
    ]),
  })
  .meta({ id: 'Error' });

type JsonSchema = Record<string, unknown>;

type Reference = (schema: z.ZodType, io: 'input' | 'output') => JsonSchema;

const parametersSchema = z.object({
  properties: z.record(z.string(), z.record(z.string(), z.unknown())),
  required: z.array(z.string()).default([]),
});

/**
 * OpenAPI 3.1 of the routes, from the very schemas that check them. zod writes JSON Schema 2020-12, which is what 3.1
 * uses; a schema that is both sent and answered appears twice (`SnapshotInput` and `Snapshot`), because a field with
 * a default may be left out in one and never is in the other.
 */
export function openApiDocument(routes: Route[], version: string) {
  const components: Record<string, JsonSchema> = {};

  function reference(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const suffix = io === 'input' ? 'Input' : '';
    const { $schema: _, $defs = {}, ...own } = z.toJSONSchema(schema, { io, unrepresentable: 'throw' });
    for (const [id, definition] of Object.entries($defs))
      components[id + suffix] = relocate(definition, suffix) as JsonSchema;
    return relocate(own, suffix) as JsonSchema;
  }

  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operation(route, reference) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Topline', version, description: 'The top of every host on one timeline.' },
    paths,
    components: {
      schemas: components,
      securitySchemes: {
        agentToken: { type: 'apiKey', in: 'header', name: 'X-Agent-Token' },
        bearer: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'topline_session' },
      },
    },
  };
}

function operation(route: Route, reference: Reference) {
  const parameters = [
    ...parametersOf(route.params, 'path', reference),
    ...parametersOf(route.query, 'query', reference).map((parameter) =>
      withExamples(parameter, route.examples),
    ),
    ...parametersOf(route.headers, 'header', reference),
  ];
  const guarded: Record<string, unknown[]> = {
    reader: [{}, { bearer: [] }, { session: [] }],
    operator: [{ bearer: [] }, { session: [] }],
    agent: [{}, { agentToken: [] }],
  };
  const answers = {
    ...(route.access === 'open' ? {} : { 401: { description: 'Missing or wrong token' } }),
    ...(route.body === undefined
      ? {}
      : { 413: { description: 'Body too large' }, 415: { description: 'Not JSON' } }),
    ...(route.body === undefined && route.query === undefined && route.params === undefined
      ? {}
      : { 422: { description: 'Malformed or out of bounds' } }),
    ...route.answers,
  };
  return {
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    tags: [route.tag],
    operationId: `${route.method} ${route.path}`.replace(/[^a-z]+(\w?)/gi, (_, letter: string) =>
      letter.toUpperCase(),
    ),
    ...(route.access === 'open' ? {} : { security: guarded[route.access] }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body
      ? {
          requestBody: {
            required: true,
            content: Object.fromEntries(
              Object.entries({ 'application/json': route.body, ...route.bodyAlsoAs }).map(
                ([type, schema]) => [
                  type,
                  {
                    schema: reference(schema, 'input'),
                    ...(schema === route.body && route.bodyExample !== undefined
                      ? { example: route.bodyExample }
                      : {}),
                  },
                ],
              ),
            ),
          },
        }
      : {}),
    responses: Object.fromEntries(
      Object.entries(answers).map(
        ([status, { description, schema, contentType = 'application/json', example }]: [string, Answer]) => {
          const described = Number(status) >= 400 ? errorSchema : schema;
          const content = {
            [contentType]: {
              schema: described ? reference(described, 'output') : { type: 'string' },
              ...(example === undefined ? {} : { example }),
            },
          };
          return [status, { description, content }];
        },
      ),
    ),
  };
}

function parametersOf(
  schema: z.ZodType | undefined,
  place: 'query' | 'header' | 'path',
  reference: Reference,
) {
  if (schema === undefined) return [];
  const { properties, required } = parametersSchema.parse(reference(schema, 'input'));
  return Object.entries(properties).map(([name, property]) => {
    return { name, in: place, required: required.includes(name), schema: property };
  });
}

/**
 * OpenAPI has examples of a parameter only: those of one name make up one request.
 */
function withExamples<Parameter extends { name: string }>(
  parameter: Parameter,
  examples: Record<string, Example> = {},
) {
  const own = Object.entries(examples).flatMap(([name, { summary, query }]) => {
    const value = query[parameter.name];
    return value === undefined ? [] : [[name, { summary, value }]];
  });
  return own.length === 0 ? parameter : { ...parameter, examples: Object.fromEntries(own) as object };
}

/** The same schema with zod's local references pointing at the components. */
function relocate(value: unknown, suffix: string): unknown {
  if (Array.isArray(value)) return value.map((item) => relocate(item, suffix));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === '$ref' && typeof inner === 'string'
        ? [key, inner.replace('#/$defs/', '#/components/schemas/') + suffix]
        : [key, relocate(inner, suffix)],
    ),
  );
}
