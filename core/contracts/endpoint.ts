import type { z } from 'zod';

/** One answer of an endpoint. */
export interface Answer {
  description: string;
  /** Absent where the body is not JSON, or there is none. */
  schema?: z.ZodType;
  contentType?: string;
  /** A body that fits the schema. */
  example?: unknown;
}

/** A request that works as it is, for the documents; the tests run each. */
export interface Example {
  summary: string;
  query: Record<string, string>;
}

/** What may be asked and what is answered, declared once: the route, OpenAPI and the page's client follow from it. */
export interface Endpoint {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** With `:name` for what stands in `params`. */
  path: string;
  summary: string;
  description?: string;
  tag: 'ingest' | 'reads' | 'alerts' | 'fleet' | 'history' | 'operations' | 'session';
  params?: z.ZodType;
  query?: z.ZodType;
  /** By name. */
  examples?: Record<string, Example>;
  headers?: z.ZodType;
  /** As JSON. */
  body?: z.ZodType;
  bodyExample?: unknown;
  /** The same in other media types. */
  bodyAlsoAs?: Record<string, z.ZodType>;
  /** By status; one of them is a success. */
  answers: Record<number, Answer>;
}

/** An endpoint with its types as narrow as they are written: by method and path the page's client tells which it is. */
export function endpoint<const Declared extends Endpoint>(declared: Declared): Declared {
  return declared;
}

type Success<E extends Endpoint> = E['answers'][keyof E['answers'] & (200 | 201 | 202)];

/** Body of the answer where all went well; void where it has none, or none that is JSON. */
export type AnswerOf<E extends Endpoint> =
  Success<E> extends { schema: infer Schema extends z.ZodType } ? z.output<Schema> : void;
