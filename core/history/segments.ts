import type { Tier } from '../contracts/historyTerms.ts';
import { alignOutward } from './steps.ts';
import type { TimeRange } from './times.ts';

/** Finest first, each with the seconds of its buckets; a snapshot has a whole second. */
export const TIERS = [
  { tier: 'raw', width: 1 },
  { tier: 'minutes', width: 60 },
  { tier: 'hours', width: 3_600 },
] as const;

/** The time for which a tier has everything: what retention has left, and what is rolled up already. */
export type Coverage = Record<Tier, TimeRange>;

/** A part of a range that is read from one tier. */
export interface Segment extends TimeRange {
  tier: Tier;
}

/**
 * The finest width in seconds that buckets of this range can have throughout: where retention has taken the rows, that of
 * what is left.
 */
export function finestWidth({ from }: Pick<TimeRange, 'from'>, coverage: Coverage): number {
  return TIERS.find(({ tier }) => coverage[tier].from <= from)?.width ?? 3_600;
}

/** The range made longer at both ends, as far as what is left there can tell no less. */
export function alignToKept(range: TimeRange, coverage: Coverage): TimeRange {
  return {
    from: alignOutward(range, finestWidth(range, coverage)).from,
    to: alignOutward(range, finestWidth({ from: range.to - 1 }, coverage)).to,
  };
}

/**
 * Which tier each part of a range is read from: the coarsest one whose buckets lie within the range and fit the step, and
 * which has them; the next finer one where it does not, such as at the ends and for what is not rolled up yet.
 *
 * @param stepSeconds what the answer's points are wide; 0 where it has one sum only. A bucket fits a step that it divides
 * @returns in order, without a gap or an overlap; none of them is empty
 */
export function planSegments(range: TimeRange, stepSeconds: number, coverage: Coverage): Segment[] {
  const fitting = TIERS.filter(({ width }) => stepSeconds % width === 0);
  return cut(range, fitting.toReversed(), coverage);
}

function cut(range: TimeRange, coarsestFirst: (typeof TIERS)[number][], coverage: Coverage): Segment[] {
  if (range.from >= range.to) return [];
  const [coarsest, ...finer] = coarsestFirst;
  if (coarsest === undefined) return [];
  const { tier, width } = coarsest;
  // What no tier has is looked for among the rows: a retention that was made longer has left them somewhere.
  if (finer.length === 0) return [{ tier, ...range }];
  const from = Math.ceil(Math.max(range.from, coverage[tier].from) / width) * width;
  const to = Math.floor(Math.min(range.to, coverage[tier].to) / width) * width;
  if (from >= to) return cut(range, finer, coverage);
  return [
    ...cut({ from: range.from, to: from }, finer, coverage),
    { tier, from, to },
    ...cut({ from: to, to: range.to }, finer, coverage),
  ];
}

/** How many days each tier is kept; 0 or less keeps all. */
export type RetentionDays = Record<Tier, number>;

/** Until when the tiers that are made of others are whole; undefined where they have nothing yet. */
export interface RolledUp {
  minutesUntil: number | undefined;
  hoursUntil: number | undefined;
}

/** Left to retention at its end, in seconds, in which a tier may be partly gone: clocks differ. */
const RETENTION_MARGIN_SECONDS = 3_600;

/** What each tier has everything of, now. */
export function coverageOf(days: RetentionDays, rolledUp: RolledUp, nowSeconds: number): Coverage {
  const kept = (tier: Tier) =>
    days[tier] > 0 ? Math.floor(nowSeconds - days[tier] * 86_400 + RETENTION_MARGIN_SECONDS) : 0;
  return {
    raw: { from: kept('raw'), to: Number.MAX_SAFE_INTEGER },
    minutes: { from: kept('minutes'), to: rolledUp.minutesUntil ?? 0 },
    hours: { from: kept('hours'), to: rolledUp.hoursUntil ?? 0 },
  };
}
