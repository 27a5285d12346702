import type fc from 'fast-check';
import type { Target } from './stand.ts';

/** A kind of input: how it is made, what is done with it, and what it looks like to a person. */
export interface Kind<Input = unknown> {
  name: string;
  /** Its share of all inputs, compared with the other kinds'. */
  weight: number;
  inputs: fc.Arbitrary<Input>;
  /** Resolves to what is wrong with how the service took it; undefined where nothing is. */
  send(input: Input, target: Target): Promise<string | undefined>;
  show(input: Input): string;
}

/** Longest an input may go unanswered. */
export const PATIENCE_MS = 10_000;
