/** What is known of one figure of many snapshots, in hundredths. Of none: the minimum is Infinity, the maximum 0. */
export interface Spread {
  sum: number;
  min: number;
  max: number;
  /** How many figures lie at each place of the figure's grid, and above the place before it. */
  distribution: Map<number, number>;
}

/** Where figures may lie so that distributions stay small: each is rounded up to the next place. */
export interface Grid {
  /** The place of a figure in hundredths, at most 2^31 - 1. */
  placeOf(units: number): number;
  /** The figure at a place. */
  unitsAt(place: number): number;
}

/** Tenths of a percentage point. */
export const CPU_GRID: Grid = {
  placeOf: (units) => Math.ceil(units / 10),
  unitsAt: (place) => 10 * place,
};

/** Places to each doubling: nine bits behind the leading one, so that rounding up adds less than 0.2 %. */
const PLACES = 512;

/** Exact up to 1,023 hundredths; above, in steps that double with every power of two. */
export const MEMORY_GRID: Grid = {
  placeOf(units) {
    if (units < 2 * PLACES) return units;
    // The leading bit and nine behind it are left: 512 to 1,023 steps, or 1,024 where rounding up reaches the next power.
    const power = 22 - Math.clz32(units);
    return power * PLACES + Math.ceil(units / 2 ** power);
  },
  unitsAt(place) {
    if (place < 2 * PLACES) return place;
    const power = Math.floor(place / PLACES) - 1;
    return (place - power * PLACES) * 2 ** power;
  },
};

export function emptySpread(): Spread {
  return { sum: 0, min: Infinity, max: 0, distribution: new Map() };
}

/** @param units hundredths, not negative */
export function addToSpread(spread: Spread, units: number, grid: Grid): void {
  spread.sum += units;
  if (units < spread.min) spread.min = units;
  if (units > spread.max) spread.max = units;
  count(spread.distribution, grid.placeOf(units), 1);
}

export function mergeSpread(target: Spread, other: Spread): void {
  target.sum += other.sum;
  target.min = Math.min(target.min, other.min);
  target.max = Math.max(target.max, other.max);
  for (const [place, figures] of other.distribution) count(target.distribution, place, figures);
}

function count(distribution: Map<number, number>, place: number, figures: number): void {
  distribution.set(place, (distribution.get(place) ?? 0) + figures);
}

/** Fractions are taken as millionths: 0.95 x 20 is to be 19, and 0.07 x 100 no more than 7. */
const MILLION = 1_000_000;

/** Which figure that is, counted from 1 in ascending order: the nearest rank. */
export function rankOf(share: number, figures: number): number {
  return Math.max(1, Math.ceil((Math.round(share * MILLION) * figures) / MILLION));
}

/**
 * The figure that at least a share of all figures does not exceed (nearest rank), exact on the grid and never above the
 * maximum, in hundredths; 0 where there are none.
 *
 * @param share such as 0.95
 */
export function percentileOf({ max, distribution }: Spread, share: number, grid: Grid): number {
  let figures = 0;
  let last = -1;
  let isInOrder = true;
  for (const [place, atPlace] of distribution) {
    figures += atPlace;
    isInOrder &&= place > last;
    last = place;
  }
  const rank = rankOf(share, figures);
  // What was stored is in order; what was merged of several need not be.
  const inOrder = isInOrder ? distribution : [...distribution].sort(([a], [b]) => a - b);
  let passed = 0;
  for (const [place, atPlace] of inOrder) {
    passed += atPlace;
    if (passed >= rank) return Math.min(grid.unitsAt(place), max);
  }
  return 0;
}
