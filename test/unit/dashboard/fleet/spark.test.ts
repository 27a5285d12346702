import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SPARK_POINTS, SPARK_STEP_SECONDS } from '../../../../core/contracts/agents.ts';
import {
  emptySpark,
  POINTS,
  sparkAt,
  sparkText,
  STEP_SECONDS,
  withPeak,
} from '../../../../dashboard/fleet/spark.ts';
import { NOW } from './rows.ts';

test('the sparkline has the steps of the API', () => {
  expect([STEP_SECONDS, POINTS]).toEqual([SPARK_STEP_SECONDS, SPARK_POINTS]);
});

describe('a sparkline', () => {
  test('keeps the highest value of each step', () => {
    let spark = emptySpark(NOW);
    for (const [percent, at] of [
      [10, NOW],
      [40, NOW + 4],
      [20, NOW + 9],
      [5, NOW + 10],
    ] as const)
      spark = withPeak(spark, percent, at);
    expect(spark.peaks.slice(-3)).toEqual([null, 40, 5]);
  });

  test('moves on with time, and is empty where nothing came', () => {
    const spark = withPeak(emptySpark(NOW), 40, NOW);
    expect(sparkAt(spark, NOW + 25).slice(-4)).toEqual([null, 40, null, null]);
    expect(sparkAt(spark, NOW + 3_600)).toEqual(emptySpark(NOW).peaks);
    expect(sparkAt(spark, NOW - 100)).toBe(spark.peaks);
  });

  test('whatever comes whenever: of each of the last 30 steps it has the highest', () => {
    const values = fc.array(fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: -400, max: 400 })));
    fc.assert(
      fc.property(values, (heard) => {
        const spark = heard.reduce(
          (last, [percent, at]) => withPeak(last, percent, NOW + at),
          emptySpark(NOW),
        );
        const end = Math.max(NOW / 10, ...heard.map(([, at]) => Math.floor((NOW + at) / 10)));
        // What came for a step that had been left behind at that time is not known any more.
        let reached = NOW / 10;
        const expected = Array.from({ length: POINTS }, (): number | null => null);
        for (const [percent, at] of heard) {
          const step = Math.floor((NOW + at) / 10);
          reached = Math.max(reached, step);
          const place = step - end + POINTS - 1;
          if (step > reached - POINTS && place >= 0)
            expected[place] = Math.max(expected[place] ?? 0, percent);
        }
        expect(spark).toEqual({ end, peaks: expected });
      }),
    );
  });

  test('says in words what it shows', () => {
    expect(sparkText([null, 11.6, 87.2])).toBe('CPU of the last 5 minutes: between 12 and 87 %');
    expect(sparkText([null, null])).toBe('CPU of the last 5 minutes: nothing received');
  });
});
