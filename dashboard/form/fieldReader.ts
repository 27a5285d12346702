import { secondsOfField } from './duration.ts';
import type { FieldErrors } from './fieldErrors.ts';

/** A body as it would be sent; with errors where a text of the form could not be read. */
export interface Read<Body> {
  body: Body;
  errors: FieldErrors;
}

export type FieldReader = ReturnType<typeof createFieldReader>;

/** Reads what was typed, and notes what cannot be read by its place in the contract. What it means the server judges. */
export function createFieldReader() {
  const errors: Record<string, string> = {};
  return {
    number(place: string, text: string): number {
      const value = text.trim() === '' ? NaN : Number(text);
      if (!Number.isFinite(value)) errors[place] = 'Must be a number';
      return value;
    },
    seconds(place: string, text: string): number {
      const value = secondsOfField(text);
      if (value === undefined) errors[place] = 'Must be a duration, such as 45 s, 10 min or 1 h 30 min';
      return value ?? NaN;
    },
    /** Labels, a line each. */
    labels(place: string, text: string): Record<string, string> {
      const lines = linesOf(text).map((line) => line.trim());
      const odd = lines.find((line) => line.indexOf('=') < 1);
      if (odd !== undefined) errors[place] = `Must be key=value, and is not: ${odd}`;
      return Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      );
    },
    refuse(place: string, message: string): void {
      errors[place] = message;
    },
    done<Body>(body: Body): Read<Body> {
      return { body, errors };
    },
  };
}

/** Every line that is not blank. */
export function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

export function labelLines(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n');
}

/** A field that may be left empty: with a value only where something was typed. */
export function ifTyped<Name extends string>(name: Name, text: string): { [_ in Name]?: string } {
  return text.trim() === '' ? {} : ({ [name]: text } as { [_ in Name]?: string });
}
