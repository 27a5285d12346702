import { Readable } from 'node:stream';
import { z } from 'zod';
import type { AnswerOf, Endpoint } from '../../core/contracts/endpoint.ts';
import type { RouteContext } from './context.ts';
import { readJson } from './jsonBody.ts';
import { validate } from './validation.ts';

/** The largest settings of alerting have a hundred patterns of 256 characters of three bytes each. */
const MAX_BODY_BYTES = 128 * 1024;

/** An endpoint with who may ask it and what it does. */
export interface Route extends Endpoint {
  /** Who gets in: anybody, agents, readers, or the operator. */
  access: 'open' | 'agent' | 'reader' | 'operator';
  /** Its answer takes the event loop for milliseconds: on a busy node it gives way to snapshots. */
  isCostly?: true;
  handle(ctx: RouteContext): Promise<void>;
}

type Parsed<E, Part extends string> =
  E extends Record<Part, infer Schema extends z.ZodType> ? z.output<Schema> : never;

/** A request by the schemas of its endpoint. Each part is checked when it is asked for, with a 422 where it is wrong. */
export interface RequestOf<E extends Endpoint> {
  params(): Parsed<E, 'params'>;
  query(): Parsed<E, 'query'>;
  /** Reads it, once; also 413 and 415. */
  body(): Promise<Parsed<E, 'body'>>;
}

export interface RouteOptions<E extends Endpoint> extends Pick<Route, 'access' | 'isCostly'> {
  /** Largest body that is read; default 128 KiB. */
  maxBodyBytes?: number;
  /**
   * @returns the body of the answer, or its JSON as bytes; nothing where it has none, or `ctx` has it already. Its status
   *   is that of the endpoint's success
   */
  handle(request: RequestOf<E>, ctx: RouteContext): Promise<AnswerOf<E> | Buffer | Readable>;
}

/** The route of an endpoint. */
export function route<E extends Endpoint>(
  endpoint: E,
  { handle, maxBodyBytes = MAX_BODY_BYTES, ...options }: RouteOptions<E>,
): Route {
  const { params = z.never(), query = z.never(), body = z.never() } = endpoint;
  const status = Number(Object.keys(endpoint.answers).find((code) => code.startsWith('2')));
  return {
    ...endpoint,
    ...options,
    async handle(ctx) {
      const answer = await handle(
        {
          params: () => validate(params, ctx.params, 'path') as Parsed<E, 'params'>,
          query: () => validate(query, ctx.query, 'query') as Parsed<E, 'query'>,
          body: async () =>
            validate(body, await readJson(ctx.req, maxBodyBytes), 'body') as Parsed<E, 'body'>,
        },
        ctx,
      );
      ctx.status = status;
      if (answer === undefined) return;
      if (Buffer.isBuffer(answer) || answer instanceof Readable) ctx.type = 'application/json';
      ctx.body = answer;
    },
  };
}
