import { expect, test } from '@jest/globals';
import { groupSamples } from '../../../../core/alerting/sampleGroups.ts';
import { timesOf } from '../../../../core/alerting/sampleTimes.ts';
import { sampleOf } from '../../../support/alerting.ts';

const EVERY_TWO = timesOf([0, 2, 4, 6, 8]);
const from = (...times: number[]) => times.map((at) => sampleOf(at, 50));

test.each([
  ['nothing is before', undefined, from(0, 2, 4), Infinity, 1],
  ['nobody can tell an interval', timesOf([0]), from(2, 4), Infinity, 1],
  ['all come as usual', EVERY_TWO, from(10, 12, 14), Infinity, 3],
  ['there are none', EVERY_TWO, [], Infinity, 0],
  ['a gap is behind the second', EVERY_TWO, from(10, 12, 19, 21), Infinity, 2],
  ['a gap is before the first', EVERY_TWO, from(20, 22, 24), Infinity, 1],
  ['two are of one second', EVERY_TWO, from(10, 12, 12, 14), Infinity, 2],
  ['a rule asks for less silence than that', EVERY_TWO, from(10, 12, 17, 19), 5, 2],
  ['the interval changes a little', EVERY_TWO, from(9, 10, 12, 15, 16), Infinity, 5],
  ['it may change what was a gap', timesOf([0, 2, 4, 9, 11, 13]), from(15, 16, 18), Infinity, 1],
  ['an agent that reports by the minute does so', timesOf([0, 60, 120]), from(180, 240, 300), Infinity, 3],
])('where %s', (_, times, samples, silentSeconds, count) => {
  expect(groupSamples(samples, times, silentSeconds)).toBe(count);
});

test('a group ends at a hundred', () => {
  const many = from(...Array.from({ length: 500 }, (_, i) => 10 + 2 * i));
  expect(groupSamples(many, EVERY_TWO, Infinity)).toBe(100);
});
