import { ApiError, type FieldError } from '../client/request.ts';

/** What is wrong, by the field's place in the contract: `condition.at_or_above`. */
export type FieldErrors = Readonly<Record<string, string>>;

export const NO_ERRORS: FieldErrors = {};

/**
 * What the server says of each field.
 *
 * @param within what the form's body lies in, within the request's
 */
export function fieldErrorsOf(errors: readonly FieldError[], within: readonly string[] = []): FieldErrors {
  const byPlace: Record<string, string> = {};
  for (const { loc, msg } of errors) {
    // The first step is the part of the request.
    const [, ...path] = loc.map(String);
    const isWithin = within.every((step, i) => path[i] === step);
    byPlace[(isWithin ? path.slice(within.length) : path).join('.')] ??= msg;
  }
  return byPlace;
}

/** The error of a field, or the first one of what is in it: of the third line of a list. */
export function errorAt(errors: FieldErrors, place: string): string | undefined {
  if (errors[place] !== undefined) return errors[place];
  return Object.entries(errors).find(([path]) => path.startsWith(`${place}.`))?.[1];
}

/** What came of an attempt that failed. */
export interface Refusal {
  errors: FieldErrors;
  /** Why, where it is not about fields. */
  reason: string | undefined;
  /** Somebody else made another version meanwhile. */
  conflict: boolean;
}

export function refusalOf(error: unknown, within?: readonly string[]): Refusal {
  const reason = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ApiError)) return { errors: NO_ERRORS, reason, conflict: false };
  if (error.status === 412) return { errors: NO_ERRORS, reason: undefined, conflict: true };
  const errors = fieldErrorsOf(error.errors, within);
  return { errors, reason: Object.keys(errors).length > 0 ? undefined : reason, conflict: false };
}
