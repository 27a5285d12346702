import { describe, expect, test } from '@jest/globals';
import type { AlertingSample } from '../../../../core/alerting/sample.ts';
import type { AlertRule } from '../../../../core/contracts/alerting/rule.ts';
import type { ProcessSample } from '../../../../core/contracts/snapshot.ts';
import { brief, oneByOne, process, ruleOf, run, sampleOf, samples } from '../../../support/alerting.ts';

/** One figure every two seconds, from second 0 on, as samples of whatever the rule is about. */
const series = (figures: readonly number[], toSample: (figure: number, at: number) => AlertingSample) =>
  figures.map((figure, i) => toSample(figure, 2 * i));

const byMemory = (used: number, at: number) => sampleOf(at, 5, { memoryUsedMb: used, memoryTotalMb: 1_000 });
const byProcess = (changes: (figure: number) => Partial<ProcessSample>) => (figure: number, at: number) =>
  sampleOf(at, 5, { processes: [process('idle'), process('ffmpeg', changes(figure))] });

/** Each kind, with what makes its figure 50 of 100, and 100. */
const KINDS: [string, AlertRule, (figure: number, at: number) => AlertingSample][] = [
  ['cpu', ruleOf({ kind: 'cpu', at_or_above: 90 }, { for_seconds: 4 }), (figure, at) => sampleOf(at, figure)],
  ['memory in percent', ruleOf({ kind: 'memory', at_or_above: 9 }, { for_seconds: 4 }), byMemory],
  ['memory in MB', ruleOf({ kind: 'memory', at_or_above: 90, unit: 'mb' }, { for_seconds: 4 }), byMemory],
  [
    'CPU of a process',
    ruleOf({ kind: 'process', process: 'ff*', of: 'cpu', at_or_above: 90 }, { for_seconds: 4 }),
    byProcess((figure) => ({ cpu_percent: figure })),
  ],
  [
    'memory of a process',
    ruleOf({ kind: 'process', process: 'ffmpeg', of: 'memory', at_or_above: 90 }, { for_seconds: 4 }),
    byProcess((figure) => ({ memory_mb: figure })),
  ],
  [
    'a missing process',
    ruleOf({ kind: 'process_missing', process: 'nginx' }, { for_seconds: 4 }),
    (figure, at) => sampleOf(at, 5, { processes: figure >= 90 ? [process('idle')] : [process('nginx')] }),
  ],
  [
    'a process at a full core',
    ruleOf({ kind: 'single_core_hog' }, { for_seconds: 4 }),
    byProcess((figure) => ({ cpu_percent: figure })),
  ],
];

describe.each(KINDS)('%s', (_, rule, toSample) => {
  const changesOf = (figures: readonly number[]) =>
    brief(run(oneByOne(series(figures, toSample)), [rule]).changes);

  test('fires once it has lasted, holds, and is resolved', () => {
    expect(changesOf([50, 100, 100, 100, 100, 50, 50])).toEqual([
      'pending 2',
      'firing 2->6',
      'resolved 2->6->10',
    ]);
  });

  test('is dropped where it is over before', () => {
    expect(changesOf([100, 100, 50, 100, 100, 100])).toEqual([
      'pending 0',
      'dropped 0',
      'pending 6',
      'firing 6->10',
    ]);
  });

  test('takes figures that no host reaches, and reads back what it knows of them', () => {
    const list = series([50, 100, 100, 100, 100, 50, 50], toSample).map((sample) => ({
      ...sample,
      memoryUsedMb: sample.memoryUsedMb === 100 ? Number.MAX_VALUE : sample.memoryUsedMb,
      processes: () =>
        sample.processes()?.map((one) => ({
          ...one,
          cpu_percent: one.cpu_percent === 100 ? Number.MAX_VALUE : one.cpu_percent,
          memory_mb: one.memory_mb === 100 ? Number.MAX_VALUE : one.memory_mb,
        })),
    }));
    const { changes } = run(oneByOne(list), [rule]);
    expect(brief(changes)).toContain('firing 2->6');
    for (const { alert } of changes)
      for (const { cpu_seconds, share, peak_memory_mb } of alert.culprits)
        expect([cpu_seconds, share, peak_memory_mb].every(Number.isFinite)).toBe(true);
  });

  test('says the same in one batch, backwards and twice, but for what was over when it came', () => {
    const list = series([50, 100, 100, 100, 100, 50, 50], toSample);
    expect(brief(run([[...list, ...list].toReversed()], [rule]).changes)).toEqual([
      'firing 2->6',
      'resolved 2->6->10',
    ]);
  });
});

describe('resolve_below', () => {
  const rule = ruleOf({ kind: 'cpu', at_or_above: 90 }, { for_seconds: 4, resolve_below: 70 });

  test('keeps what fires going until the figure is below it', () => {
    expect(brief(run(oneByOne(samples('0:95 2:95 4:95 6:75 8:70 10:69')), [rule]).changes)).toEqual([
      'pending 0',
      'firing 0->4',
      'resolved 0->4->10',
    ]);
  });

  test('does nothing for what is pending', () => {
    expect(brief(run(oneByOne(samples('0:95 2:75 4:95 6:95')), [rule]).changes)).toEqual([
      'pending 0',
      'dropped 0',
      'pending 4',
    ]);
  });
});

describe('keep_firing_for_seconds', () => {
  const rule = ruleOf({ kind: 'cpu', at_or_above: 90 }, { for_seconds: 4, keep_firing_for_seconds: 6 });

  test('bridges what is shorter', () => {
    expect(
      brief(run(oneByOne(samples('0:95 2:95 4:95 6:5 8:5 10:95 12:5 14:5 16:5 18:5')), [rule]).changes),
    ).toEqual(['pending 0', 'firing 0->4', 'resolved 0->4->18']);
  });
});

describe('a gap', () => {
  const rule = ruleOf({ kind: 'cpu', at_or_above: 90 }, { for_seconds: 8 });
  const quiet = '0:5 2:5 4:5';

  test('of three usual intervals breaks nothing', () => {
    expect(brief(run(oneByOne(samples(`${quiet} 6:95 12:95 14:95`)), [rule]).changes)).toEqual([
      'pending 6',
      'firing 6->14',
    ]);
  });

  test('of more breaks what is pending', () => {
    expect(brief(run(oneByOne(samples(`${quiet} 6:95 13:95 15:95 17:95`)), [rule]).changes)).toEqual([
      'pending 6',
      'dropped 6',
      'pending 13',
    ]);
  });

  test('is counted in what fires, and does not resolve it', () => {
    const { changes } = run(oneByOne(samples(`${quiet} 6:95 8:95 10:95 12:95 14:95 314:95 316:5`)), [rule]);
    expect(changes.at(-1)).toMatchObject({
      change: 'resolved',
      alert: { fired_at: 14, resolved_at: 316, gaps: 1, samples: 6 },
    });
  });

  test('that late samples fill was none', () => {
    const list = samples(`${quiet} 6:95 14:95 8:95 10:95 12:95`);
    expect(brief(run(oneByOne(list), [rule]).changes).at(-1)).toBe('firing 6->14');
  });
});

describe('evidence', () => {
  const rule = ruleOf({ kind: 'cpu', at_or_above: 90 }, { for_seconds: 4, keep_firing_for_seconds: 4 });

  test('has value, peak, average, samples and duration', () => {
    const { changes } = run(oneByOne(samples('0:90 2:92 4:94 6:100 8:5 10:5 12:5')), [rule]);
    expect(changes.map(({ alert }) => alert)).toMatchObject([
      { state: 'pending', value: null },
      { state: 'firing', value: 94, peak: 94, average: 92, samples: 3, duration_seconds: 4, threshold: 90 },
      {
        state: 'resolved',
        value: 94,
        peak: 100,
        average: 94,
        samples: 6,
        duration_seconds: 12,
        unit: 'percent',
      },
    ]);
  });

  test('names who took most of the CPU, with seconds, share and peak', () => {
    const busy = (at: number, ffmpeg: number) =>
      sampleOf(at, 95, {
        processes: [
          process('sshd', { pid: 1, cpu_percent: 0, memory_mb: 900 }),
          process('ffmpeg', { pid: 7, cpu_percent: ffmpeg, memory_mb: 10 }),
          process('node', { pid: 8, cpu_percent: 40, memory_mb: 100 }),
          process('node', { pid: 9, cpu_percent: 10, memory_mb: 100 }),
        ],
      });
    const list = [
      sampleOf(0, 5, { processes: [process('before', { cpu_percent: 500 })] }),
      busy(2, 150),
      busy(4, 100),
      busy(6, 200),
    ];
    const fires = run(oneByOne(list), [rule]).changes.at(-1);
    expect(fires).toMatchObject({ change: 'firing' });
    expect(fires?.alert.culprits).toEqual([
      { name: 'ffmpeg', pid: 7, cpu_seconds: 9, share: 0.75, peak_cpu_percent: 200, peak_memory_mb: 10 },
      { name: 'node', pid: 8, cpu_seconds: 3, share: 0.25, peak_cpu_percent: 50, peak_memory_mb: 200 },
      { name: 'sshd', pid: 1, cpu_seconds: 0, share: 0, peak_cpu_percent: 0, peak_memory_mb: 900 },
    ]);
    const memory = ruleOf({ kind: 'memory', at_or_above: 20 }, { for_seconds: 4 });
    const byMemory = run(oneByOne(list), [memory]).changes.find(({ change }) => change === 'firing');
    expect(byMemory?.alert.culprits[0]).toMatchObject({ name: 'sshd' });
  });

  test('of a long window is published anew once a minute', () => {
    const hot = Array.from({ length: 65 }, (_, i) => sampleOf(2 * i, 90 + (i % 10)));
    const { changes } = run(oneByOne(hot), [rule]);
    expect(changes.map(({ change }) => change)).toEqual(['pending', 'firing', 'update', 'update']);
    expect(changes.at(-1)?.alert).toMatchObject({ revision: 4, peak: 99, value: 92, last_sample_at: 124 });
  });
});

describe('a process at a full core', () => {
  const rule = ruleOf({ kind: 'single_core_hog', at_or_above: 95 }, { for_seconds: 4 });
  const at = (second: number, ...pids: number[]) =>
    sampleOf(second, 30, { processes: pids.map((pid) => process(`p${pid}`, { pid, cpu_percent: 99 })) });

  test('has to be the same all the time', () => {
    expect(brief(run(oneByOne([at(0, 1), at(2, 2), at(4, 1), at(6, 2)]), [rule]).changes)).not.toContainEqual(
      expect.stringContaining('firing'),
    );
  });

  test('that takes over from another is a window of its own, from its own start', () => {
    const list = [at(0, 1), at(2, 1), at(4, 1, 2), at(6, 2), at(8, 2), at(10)];
    expect(brief(run(oneByOne(list), [rule]).changes)).toEqual([
      'pending 0',
      'firing 0->4',
      'resolved 0->4->6',
      'pending 4',
      'firing 4->8',
      'resolved 4->8->10',
    ]);
  });

  test('beside another that has lasted as long is the same window', () => {
    const list = [at(0, 1, 2), at(2, 1, 2), at(4, 1, 2), at(6, 2), at(8)];
    expect(brief(run(oneByOne(list), [rule]).changes)).toEqual([
      'pending 0',
      'firing 0->4',
      'resolved 0->4->8',
    ]);
  });
});

describe('a rate of change', () => {
  const rule = ruleOf({ kind: 'rate_of_change', of: 'cpu', at_or_above: 30, within_seconds: 10 });

  test('is the rise from the lowest figure of its time', () => {
    const { changes } = run(oneByOne(samples('0:10 2:5 4:20 6:36 8:36 10:34.9 12:34 14:34 20:70 21:5')), [
      rule,
    ]);
    expect(brief(changes)).toEqual([
      'firing 6->6',
      'resolved 6->6->10',
      'firing 20->20',
      'resolved 20->20->21',
    ]);
    expect(changes[0]?.alert).toMatchObject({ value: 31, threshold: 30, unit: 'percent' });
  });

  test('does not look further back', () => {
    expect(brief(run(oneByOne(samples('0:5 11:40 12:40')), [rule]).changes)).toEqual([]);
  });

  test('sees a late low one, and a late rise', () => {
    expect(brief(run(oneByOne(samples('0:20 4:40 2:5')), [rule]).changes)).toEqual(['firing 4->4']);
    expect(brief(run(oneByOne(samples('0:5 6:6 2:50')), [rule]).changes)).toEqual([
      'firing 2->2',
      'resolved 2->2->6',
    ]);
  });
});

describe('flapping', () => {
  const burst = (from: number) => samples(`${from}:95 ${from + 2}:95 ${from + 4}:5`);
  const often = [0, 100, 200, 300, 400].flatMap(burst);
  const rule = ruleOf({ kind: 'cpu', at_or_above: 90 });

  test('is marked at the fourth time within an hour, and held on to for five minutes', () => {
    const { changes } = run(oneByOne([...often, ...samples('500:5 600:5 703:5 704:5')]), [rule]);
    expect(brief(changes.filter(({ change }) => change === 'firing'))).toEqual([
      'firing 0->0',
      'firing 100->100',
      'firing 200->200',
      'firing 300->300',
    ]);
    expect(changes.find(({ alert }) => alert.started_at === 300)?.alert.flapping).toBe(true);
    expect(changes.find(({ alert }) => alert.started_at === 200)?.alert.flapping).toBe(false);
    expect(brief(changes.slice(-1))).toEqual(['resolved 300->300->704']);
  });

  test('is over when it has not fired so often for an hour', () => {
    const { changes } = run(oneByOne([...often, ...samples('800:5'), ...burst(4_001)]), [rule]);
    expect(changes.findLast(({ change }) => change === 'firing')?.alert).toMatchObject({
      started_at: 4_001,
      flapping: false,
    });
  });
});

describe('what an alert says', () => {
  test('is in words of our own, or in those of its rule', () => {
    const own = ruleOf({ kind: 'cpu', at_or_above: 90 }, { for_seconds: 4 });
    const theirs = ruleOf(
      { kind: 'cpu', at_or_above: 90 },
      {
        id: 'theirs',
        for_seconds: 4,
        summary:
          '{{agent}} {{ value }} {{threshold}} {{duration}} {{culprit}} {{rule}} [{{label.env}}] {{other}}',
      },
    );
    const hot = (at: number) => sampleOf(at, 97.25, { processes: [process('ffmpeg', { cpu_percent: 300 })] });
    const { changes } = run(oneByOne([hot(0), hot(2), hot(4), sampleOf(400, 1)]), [own, theirs]);
    const said = (change: string) =>
      changes.filter((one) => one.change === change).map(({ alert }) => alert.summary);
    expect(said('firing')).toEqual([
      'web-01: CPU at 97.25 %, at or above 90 % for 4 s, mostly ffmpeg (100 %)',
      'web-01 97.25 % 90 % 4 s ffmpeg (100 %) A rule [] {{other}}',
    ]);
    expect(said('resolved')[0]).toBe(
      'web-01: CPU was at or above 90 % for 6 min 40 s, peak 97.25 %, mostly ffmpeg (100 %)',
    );
  });
});
