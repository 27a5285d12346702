import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  addToSpread,
  CPU_GRID,
  emptySpread,
  MEMORY_GRID,
  percentileOf,
  type Grid,
} from '../../../../core/rollup/distribution.ts';
import {
  cpuUnitsOf,
  growthUnitsOf,
  MAX_CPU_UNITS,
  MAX_MEMORY_UNITS,
  memoryUnitsOf,
} from '../../../../core/rollup/units.ts';

function spreadOf(figures: number[], grid: Grid) {
  const spread = emptySpread();
  for (const figure of figures) addToSpread(spread, figure, grid);
  return spread;
}

/** Nearest rank, as the textbook has it, of figures rounded up to the grid. */
function nearestRank(figures: number[], percent: number, grid: Grid): number {
  const sorted = figures.map((figure) => grid.unitsAt(grid.placeOf(figure))).sort((a, b) => a - b);
  let rank = 1;
  while (100 * rank < percent * figures.length) rank++;
  return Math.min(sorted[rank - 1] ?? 0, Math.max(...figures));
}

const anyUnits = fc.oneof(fc.nat({ max: 10_000 }), fc.nat({ max: MAX_MEMORY_UNITS }));

describe.each([
  ['CPU', CPU_GRID, 9],
  ['memory', MEMORY_GRID, 0],
])('the grid of %s', (_, grid, most) => {
  test('rounds up to the next place, and by no more than it says', () => {
    fc.assert(
      fc.property(anyUnits, (units) => {
        const place = grid.placeOf(units);
        const rounded = grid.unitsAt(place);
        expect(rounded).toBeGreaterThanOrEqual(units);
        expect(rounded - units).toBeLessThanOrEqual(Math.max(most, most === 0 ? units / 512 : 0));
        expect(grid.placeOf(rounded)).toBe(place);
        if (place > 0) expect(grid.unitsAt(place - 1)).toBeLessThan(Math.max(units, 1));
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([1, 50, 90, 95, 99, 100])('p%d is the nearest rank', (percent) => {
    fc.assert(
      fc.property(fc.array(anyUnits, { minLength: 1, maxLength: 200 }), (figures) => {
        expect(percentileOf(spreadOf(figures, grid), percent / 100, grid)).toBe(
          nearestRank(figures, percent, grid),
        );
      }),
    );
  });
});

test('the grid of memory is whole and goes on without a gap over every power of two', () => {
  for (let place = 0; place < 4_000; place++)
    expect(MEMORY_GRID.placeOf(MEMORY_GRID.unitsAt(place))).toBe(place);
  expect(MEMORY_GRID.unitsAt(MEMORY_GRID.placeOf(MAX_MEMORY_UNITS))).toBe(2 ** 31);
});

test('p95 of none is 0, of one is that one, of 20 the 19th', () => {
  expect(percentileOf(emptySpread(), 0.95, CPU_GRID)).toBe(0);
  expect(percentileOf(spreadOf([4_521], CPU_GRID), 0.95, CPU_GRID)).toBe(4_521);
  const twenty = Array.from({ length: 20 }, (_, i) => 100 * (i + 1));
  expect(percentileOf(spreadOf(twenty, CPU_GRID), 0.95, CPU_GRID)).toBe(1_900);
});

test.each([
  [cpuUnitsOf(45.25), 4_525],
  [cpuUnitsOf(-1), 0],
  [cpuUnitsOf(1e308), MAX_CPU_UNITS],
  [memoryUnitsOf(512.3), 51_230],
  [memoryUnitsOf(1e308), MAX_MEMORY_UNITS],
  [growthUnitsOf(1.25, 2), 75],
  [growthUnitsOf(2, 1), 0],
  [growthUnitsOf(0, 1e308), MAX_MEMORY_UNITS],
  [growthUnitsOf(1e308, 1e308), 0],
])('figures count in hundredths, up to a maximum: %d', (units, expected) => {
  expect(units).toBe(expected);
});
