import type { z } from 'zod';

/** Text is text, and a number may stand for it: an epoch time, a limit. Named choices stay what they are. */
type Value<T> = string extends T ? T | number : T;

/** The parameters of a query: those with a default may be left out. */
export type QueryOf<Schema extends z.ZodType> = {
  [Name in keyof z.input<Schema>]: Value<z.input<Schema>[Name]>;
};
