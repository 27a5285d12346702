import type { z } from 'zod';
import type { AnswerOf, Endpoint } from '../../core/contracts/endpoint.ts';
import type { ifMatchSchema } from '../../core/contracts/endpoints/ifMatch.ts';
import { addressOf, type AddressParts } from './address.ts';
import type { Endpoints, Method } from './endpoints.ts';
import type { QueryOf } from './queryOf.ts';
import type { Api, RequestOptions } from './request.ts';

export interface CallOptions {
  /** Ends the call; it then fails as an aborted `fetch` does. */
  signal?: AbortSignal;
}

type QueryPart<Query> = Partial<Query> extends Query ? { query?: Query } : { query: Query };

/** What a call gives beside method and path, by the schemas of its endpoint. */
type PartsOf<E> = CallOptions &
  ([E] extends [{ params: infer Schema extends z.ZodType }] ? { params: z.input<Schema> } : unknown) &
  ([E] extends [{ query: infer Schema extends z.ZodType }] ? QueryPart<QueryOf<Schema>> : unknown) &
  ([E] extends [{ body: infer Schema extends z.ZodType }] ? { body: z.input<Schema> } : unknown) &
  /** The version that was read: an ApiError of 412 where somebody else made another meanwhile. */
  ([E] extends [{ headers: typeof ifMatchSchema }] ? { ifVersion: number } : unknown);

/** Left out where nothing has to be given. */
type Arguments<Parts> = CallOptions extends Parts ? [parts?: Parts] : [parts: Parts];

type Call<ByPath> = <Path extends keyof ByPath & string>(
  path: Path,
  ...parts: Arguments<PartsOf<ByPath[Path]>>
) => Promise<ByPath[Path] extends Endpoint ? AnswerOf<ByPath[Path]> : never>;

/** The API, a function for each method: the path tells which endpoint is asked, and so what of and what it answers. */
export type Client = { [M in Method]: Call<Endpoints[M]> };

/** Each call throws an ApiError where it is refused or cannot be reached. */
export function createClient(api: Pick<Api, 'request'>): Client {
  const ask =
    (method: NonNullable<RequestOptions['method']>) =>
    <Answer>(path: string, { params, query, ...options }: AddressParts & RequestOptions = {}) =>
      api.request<Answer>(addressOf(path, { params, query }), { ...options, method });
  return {
    get: ask('GET'),
    post: ask('POST'),
    put: ask('PUT'),
    patch: ask('PATCH'),
    delete: ask('DELETE'),
  };
}
