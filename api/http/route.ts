import type { z } from 'zod';
import type { RouteContext } from './context.ts';

/** One answer of a route, as OpenAPI describes it. */
export interface Answer {
  description: string;
  /** Absent where the body is not JSON. */
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

/** A route: what OpenAPI says of it and what it does, in one place, so that they cannot part. */
export interface Route {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** With `:name` for what stands in `params`. */
  path: string;
  summary: string;
  description?: string;
  tag: 'ingest' | 'reads' | 'alerts' | 'fleet' | 'history' | 'operations' | 'session';
  /** Who gets in: anybody, agents, readers, or the operator. */
  access: 'open' | 'agent' | 'reader' | 'operator';
  /** Its answer takes the event loop for milliseconds: on a busy node it gives way to snapshots. */
  isCostly?: true;
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
  answers: Record<number, Answer>;
  handle(ctx: RouteContext): Promise<void>;
}
