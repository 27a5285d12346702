import { describe, expect, test } from '@jest/globals';
import { drawChart, escapeXml } from '../../../bench/report/chart.ts';
import { describeScenario } from '../../../bench/report/print.ts';
import { alignColumns, figure } from '../../../bench/report/table.ts';
import type { Measurement, ScenarioResult } from '../../../bench/results.ts';
import { storedIn } from '../../../bench/workerProgress.ts';

function run(rate: number): Measurement {
  return {
    rate,
    count: rate,
    seconds: 1,
    p50Ms: 2.5,
    p99Ms: 10,
    usage: { roles: [{ role: 'api', cpuSeconds: 0.5, peakMb: 123.4 }], othersSeconds: 0, stolenSeconds: 0 },
    figures: { 'bytes a row': 1_234 },
    warnings: rate > 1_000 ? ['the generator was busy'] : [],
  };
}

const result: ScenarioResult = {
  scenario: 'ingest',
  title: 'Fast & <good>',
  unit: 'snapshots/s',
  thing: 'snapshot',
  controls: ['koa'],
  subjects: [
    { subject: 'topline', runs: [run(500)] },
    { subject: 'koa', runs: [run(2_000)] },
  ],
  skipped: ['batch skipped: no such route'],
};

test('columns are aligned: names to the left, figures to the right', () => {
  expect(
    alignColumns([
      ['', 'rate'],
      ['a', '12,345'],
      ['longer', '7'],
    ]),
  ).toBe('          rate\na       12,345\nlonger       7');
});

test.each([
  [0, '0'],
  [0.1234, '0.12'],
  [12.34, '12.3'],
  [123.4, '123'],
  [12_345.6, '12,346'],
])('%d is told as %s', (value, text) => {
  expect(figure(value)).toBe(text);
});

describe('a scenario in words', () => {
  const text = describeScenario(result);
  test.each([
    ['ratios to its controls', /topline +500 +500 +500 +2\.50 +10\.0 +0\.25\n/],
    ['what each process used', /µs a snapshot +peak MB\n[^]*koa +api +0\.50 +0\.50 +250 +123\n/],
    ['other figures', /topline: bytes a row 1,234/],
    ['warnings', /! koa: the generator was busy/],
    ['what was left out', /- batch skipped: no such route/],
  ])('has %s', (_, pattern) => {
    expect(text).toMatch(pattern);
  });
});

describe('the chart', () => {
  const svg = drawChart([result]);
  test('has a bar for each subject, in proportion', () => {
    const widths = [...svg.matchAll(/<rect[^>]* width="([\d.]+)"/g)].map(([, width]) => Number(width));
    expect(widths).toHaveLength(2);
    expect((widths[0] ?? 0) / (widths[1] ?? 1)).toBeCloseTo(0.25);
  });
  test('is well-formed whatever the names hold, and readable on a dark page', () => {
    expect(svg).toContain('Fast &amp; &lt;good&gt;');
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(escapeXml(`<a href="x">'&'</a>`)).toBe('&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;');
  });
});

describe('progress of the workers', () => {
  const page = `# TYPE topline_snapshots_stored_total counter
topline_snapshots_stored_total{stage="timeline",outcome="stored"} 100
topline_snapshots_stored_total{stage="persist",outcome="stored"} 90
topline_snapshots_stored_total{stage="persist",outcome="duplicate"} 4
topline_jobs_total{queue="persist",outcome="completed"} 7
`;
  test('is that of the stage which is behind', () => {
    expect(storedIn(page)).toBe(94);
  });
  test('is nothing where a stage has not begun, and an error where it is not told', () => {
    expect(storedIn(page.replaceAll('persist', 'other'))).toBe(0);
    expect(() => storedIn('# TYPE something counter\n')).toThrow(/topline_snapshots_stored_total/);
  });
});
