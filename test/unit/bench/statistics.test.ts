import { describe, expect, test } from '@jest/globals';
import { describeLatency, median } from '../../../bench/statistics.ts';
import { ratioTo, summarise, type Measurement } from '../../../bench/results.ts';

describe('statistics', () => {
  test.each([
    [[], 0],
    [[3], 3],
    [[3, 1], 2],
    [[10, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
  ])('the median of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  test('quantiles are observed values, by nearest rank', () => {
    const times = Array.from({ length: 200 }, (_, i) => 200 - i);
    expect(describeLatency(times)).toEqual({ count: 200, p50: 100, p99: 198, max: 200 });
    expect(describeLatency([7])).toEqual({ count: 1, p50: 7, p99: 7, max: 7 });
    expect(describeLatency([])).toEqual({ count: 0, p50: 0, p99: 0, max: 0 });
  });
});

function run(rate: number, cpuSeconds: number): Measurement {
  return {
    rate,
    count: rate * 10,
    seconds: 10,
    p50Ms: 1,
    p99Ms: rate / 100,
    usage: { roles: [{ role: 'api', cpuSeconds, peakMb: 100 }], othersSeconds: 0, stolenSeconds: 0 },
    figures: { bytes: rate },
    warnings: ['the same'],
  };
}

describe('a summary', () => {
  const summary = summarise({ subject: 'topline', runs: [run(300, 5), run(100, 4), run(200, 9)] });

  test('has medians, the spread of the rates, and the cost of one', () => {
    expect(summary).toMatchObject({
      rate: 200,
      lowest: 100,
      highest: 300,
      p99Ms: 2,
      figures: { bytes: 200 },
    });
    // 5 s for 3,000, 4 s for 1,000, 9 s for 2,000.
    expect(summary.roles).toEqual([
      { role: 'api', cpuSeconds: 5, cores: 0.5, microsecondsEach: 4_000, peakMb: 100 },
    ]);
    expect(summary.warnings).toEqual(['the same']);
  });

  test('is compared with a control that was measured', () => {
    const control = summarise({ subject: 'koa', runs: [run(400, 1)] });
    expect(ratioTo([summary, control], 'topline', 'koa')).toBe(0.5);
    expect(ratioTo([summary], 'topline', 'koa')).toBeUndefined();
  });
});
