import type { z } from 'zod';
import { InvalidRequestError, type FieldFault } from '../../core/errors.ts';

/** Most faults told of one request: the first ones say enough. */
export const MAX_FAULTS = 20;

/**
 * Checks a part of a request.
 *
 * @throws {InvalidRequestError} naming each fault by its place, as existing clients read them
 */
export function validate<T>(
  schema: z.ZodType<T>,
  value: unknown,
  part: 'body' | 'query' | 'header' | 'path',
): T {
  const result = check(schema, value, [part]);
  if ('faults' in result) throw new InvalidRequestError(result.faults);
  return result.data;
}

/**
 * Refuses a field for what no schema says of it.
 *
 * @throws {InvalidRequestError} always
 */
export function refuseField(place: FieldFault['loc'], msg: string): never {
  throw new InvalidRequestError([{ loc: place, msg, type: 'invalid' }]);
}

/** @throws {InvalidRequestError} always: no page of the list has given that cursor out */
export function refuseCursor(): never {
  refuseField(['query', 'cursor'], 'This is no cursor of this list');
}

/** What the schema makes of a value, or its faults, each with the place in front of its own. */
export function check<T>(
  schema: z.ZodType<T>,
  value: unknown,
  place: FieldFault['loc'],
): { data: T } | { faults: FieldFault[] } {
  const result = schema.safeParse(value);
  if (result.success) return { data: result.data };
  return { faults: result.error.issues.slice(0, MAX_FAULTS).map((issue) => faultOf(issue, place, value)) };
}

function faultOf(issue: z.core.$ZodIssue, place: FieldFault['loc'], value: unknown): FieldFault {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  if (isMissing(value, path)) return { loc: [...place, ...path], msg: 'Field required', type: 'missing' };
  return { loc: [...place, ...path], msg: issue.message, type: issue.code };
}

function isMissing(value: unknown, path: (string | number)[]): boolean {
  let at = value;
  for (const step of path)
    at = typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[step] : undefined;
  return at === undefined && path.length > 0;
}
