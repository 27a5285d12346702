import { ApiError, type FieldFault } from '../client/request.ts';

/** What is wrong, by the field's place in the contract: `condition.at_or_above`. */
export type Faults = Readonly<Record<string, string>>;

export const NO_FAULTS: Faults = {};

/**
 * What the server says of each field.
 *
 * @param within what the form's body lies in, within the request's
 */
export function faultsOf(faults: readonly FieldFault[], within: readonly string[] = []): Faults {
  const byPlace: Record<string, string> = {};
  for (const { loc, msg } of faults) {
    // The first step is the part of the request.
    const [, ...path] = loc.map(String);
    const isWithin = within.every((step, i) => path[i] === step);
    byPlace[(isWithin ? path.slice(within.length) : path).join('.')] ??= msg;
  }
  return byPlace;
}

/** The fault of a field, or the first one of what is in it: of the third line of a list. */
export function faultAt(faults: Faults, place: string): string | undefined {
  if (faults[place] !== undefined) return faults[place];
  return Object.entries(faults).find(([path]) => path.startsWith(`${place}.`))?.[1];
}

/** What came of an attempt that failed. */
export interface Refusal {
  faults: Faults;
  /** Why, where it is not about fields. */
  reason: string | undefined;
  /** Somebody else made another version meanwhile. */
  conflict: boolean;
}

export function refusalOf(error: unknown, within?: readonly string[]): Refusal {
  const reason = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ApiError)) return { faults: NO_FAULTS, reason, conflict: false };
  if (error.status === 412) return { faults: NO_FAULTS, reason: undefined, conflict: true };
  const faults = faultsOf(error.faults, within);
  return { faults, reason: Object.keys(faults).length > 0 ? undefined : reason, conflict: false };
}
