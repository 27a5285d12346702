import { InvalidRequestError } from '../../core/errors.ts';
import {
  alignToKept,
  finestWidth,
  planSegments,
  type Coverage,
  type Segment,
} from '../../core/history/segments.ts';
import {
  alignOutward,
  chooseStep,
  finestStepFor,
  MAX_POINTS,
  nameOfStep,
  parseStep,
} from '../../core/history/steps.ts';
import { parseRange, type TimeRange } from '../../core/history/times.ts';

/** @throws {InvalidRequestError} naming what is wrong with `from` and `to` */
export function rangeOf(texts: { from: string; to: string }, nowSeconds: number): TimeRange {
  const range = parseRange(texts, nowSeconds);
  if ('faults' in range) throw new InvalidRequestError(range.faults);
  return range;
}

/** What a question with points reads. */
export interface QueryPlan {
  /** Whole steps. */
  range: TimeRange;
  stepSeconds: number;
  segments: Segment[];
}

/** @throws {InvalidRequestError} where it is written in a way there is not */
export function stepOf(text: string | undefined): number | undefined {
  const asked = text === undefined ? undefined : parseStep(text);
  if (text !== undefined && asked === undefined)
    throw stepFault('Must be raw, or a number of seconds, or one with s, m, h or d, up to 31d');
  return asked;
}

/**
 * The step as it is asked for or fits the range, no finer than what is left; and the range in whole steps.
 *
 * @param asked in seconds
 * @throws {InvalidRequestError} where there would be too many points
 */
export function planQuery(range: TimeRange, asked: number | undefined, coverage: Coverage): QueryPlan {
  const width = finestWidth(range, coverage);
  const stepSeconds = Math.ceil((asked ?? chooseStep(range, width)) / width) * width;
  refuseTooMany(range, stepSeconds);
  const aligned = alignOutward(range, stepSeconds);
  return { range: aligned, stepSeconds, segments: planSegments(aligned, stepSeconds, coverage) };
}

/** @throws {InvalidRequestError} where there would be too many points; how many raw ones there are nobody knows before */
export function refuseTooMany(range: TimeRange, stepSeconds: number): void {
  if (stepSeconds > 1 && (range.to - range.from) / stepSeconds > MAX_POINTS) throw tooManyPoints(range);
}

/** What a question with one sum reads: no less than what is asked for, and as little more as what is left can tell apart. */
export function planSum(range: TimeRange, coverage: Coverage): Omit<QueryPlan, 'stepSeconds'> {
  const kept = alignToKept(range, coverage);
  return { range: kept, segments: planSegments(kept, 0, coverage) };
}

export function tooManyPoints(range: TimeRange): InvalidRequestError {
  return stepFault(
    `More than ${MAX_POINTS.toLocaleString('en')} points: ask for a shorter range, or leave step out, or set it to ` +
      `${nameOfStep(Math.max(finestStepFor(range), 10))} or more`,
  );
}

function stepFault(msg: string): InvalidRequestError {
  return new InvalidRequestError([{ loc: ['query', 'step'], msg, type: 'invalid_step' }]);
}
