import type { z } from 'zod';
import type { RouteContext } from '../context.ts';

/** One answer of a route, as OpenAPI describes it. */
export interface Answer {
  description: string;
  /** Absent where the body is not JSON. */
  schema?: z.ZodType;
  contentType?: string;
}

/** A route: what OpenAPI says of it and what it does, in one place, so that they cannot part. */
export interface Route {
  method: 'get' | 'post' | 'delete';
  path: string;
  summary: string;
  description?: string;
  tag: 'ingest' | 'reads' | 'operations' | 'session';
  /** Who gets in: anybody, agents, readers, or the operator. */
  access: 'open' | 'agent' | 'reader' | 'operator';
  query?: z.ZodType;
  headers?: z.ZodType;
  /** As JSON. */
  body?: z.ZodType;
  /** The same in other media types. */
  bodyAlsoAs?: Record<string, z.ZodType>;
  answers: Record<number, Answer>;
  handle(ctx: RouteContext): Promise<void>;
}
