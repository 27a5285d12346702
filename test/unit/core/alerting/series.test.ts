import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  seriesSince,
  lastOf,
  EMPTY_SERIES,
  packSeries,
  readingsOfSeries,
  unpackSeries,
  withPoint,
  type Series,
} from '../../../../core/alerting/series.ts';

type Point = [at: number, figure: number];

const rule = { below: 30, withinSeconds: 20 };

const anyPoints = fc.array(
  fc.tuple(
    fc.integer({ min: 1_000, max: 1_120 }),
    fc.integer({ min: 0, max: 10_000 }).map((unit) => unit / 100),
  ),
  { minLength: 1, maxLength: 60 },
);

const seriesOf = (points: readonly Point[]) =>
  points.reduce((series, [at, figure]) => withPoint(series, at, figure), EMPTY_SERIES);

/** Each moment once, with the lowest of its figures, in order. */
function sorted(points: readonly Point[]): Point[] {
  const lowest = new Map<number, number>();
  for (const [at, figure] of points) lowest.set(at, Math.min(figure, lowest.get(at) ?? Infinity));
  return [...lowest].sort(([a], [b]) => a - b);
}

const listOf = ({ times, units, begin, end }: Series): Point[] =>
  times.slice(begin, end).map((at, i) => [at, (units[begin + i] ?? 0) / 100]);

test('points may come in any order and more than once', () => {
  fc.assert(fc.property(anyPoints, (points) => expect(listOf(seriesOf(points))).toEqual(sorted(points))));
});

test('a series from before is what it was, whatever has come since', () => {
  fc.assert(
    fc.property(anyPoints, anyPoints, anyPoints, (first, then, otherwise) => {
      const before = seriesOf(first);
      const [list, text] = [listOf(before), packSeries(before)];
      const one = then.reduce((series, [at, figure]) => withPoint(series, at, figure), before);
      const other = otherwise.reduce((series, [at, figure]) => withPoint(series, at, figure), before);
      expect([listOf(before), packSeries(before)]).toEqual([list, text]);
      expect(listOf(one)).toEqual(sorted([...first, ...then]));
      expect(listOf(other)).toEqual(sorted([...first, ...otherwise]));
    }),
  );
});

test('is the same after it was kept as text, also where its oldest points were let go', () => {
  fc.assert(
    fc.property(anyPoints, fc.integer({ min: 990, max: 1_130 }), (points, oldest) => {
      const series = seriesSince(seriesOf(points), oldest);
      const all = sorted(points);
      // The newest stays, however old it is.
      expect(listOf(series)).toEqual(all.filter(([at], i) => at >= oldest || i === all.length - 1));
      const again = unpackSeries(packSeries(series));
      expect(listOf(again)).toEqual(listOf(series));
      expect(packSeries(again)).toBe(packSeries(series));
    }),
  );
});

test('a long series goes on when old points are let go all the time', () => {
  let series = EMPTY_SERIES;
  for (let at = 0; at < 5_000; at += 1) series = seriesSince(withPoint(series, at, at % 100), at - 50);
  expect(listOf(series)).toEqual(Array.from({ length: 51 }, (_, i) => [4_949 + i, (4_949 + i) % 100]));
  expect(series.times.length).toBeLessThan(2_000);
  expect(lastOf(series)).toBe(4_999);
});

test('a text that is none of ours is refused', () => {
  for (const text of ['x', '1,2;0,5;', '1,2;3,y;', '1.5,2;'])
    expect(() => unpackSeries(text)).toThrow(RangeError);
});

describe('readings', () => {
  const expected = (points: Point[], after: number) =>
    points.flatMap(([at, figure], place) => {
      const window = points.slice(0, place + 1).filter(([time]) => time >= at - 20);
      const rise = Math.round(figure * 100 - Math.min(...window.map(([, one]) => one * 100))) / 100;
      return at > after && rise >= 30 ? [{ at, key: 0, value: rise }] : [];
    });

  test('are the rise above the lowest of the time before, wherever reading begins', () => {
    fc.assert(
      fc.property(anyPoints, fc.integer({ min: 990, max: 1_120 }), (points, after) => {
        expect(readingsOfSeries(seriesOf(points), rule, after)).toEqual(expected(sorted(points), after));
      }),
    );
  });
});
