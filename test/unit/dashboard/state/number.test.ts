import { describe, expect, test } from '@jest/globals';
import {
  countOf,
  heatOf,
  memoryOfText,
  memoryText,
  percentText,
} from '../../../../dashboard/state/number.ts';

describe('a number', () => {
  test.each([
    [45.25, '45.3'],
    [0, '0.0'],
    [100, '100.0'],
    [null, '–'],
    [undefined, '–'],
  ])('of percent: %p is %s', (percent, text) => {
    expect(percentText(percent)).toBe(text);
  });

  test.each([
    [812.4, '812 MiB'],
    [1024, '1.0 GiB'],
    [8000, '7.8 GiB'],
    [131_072, '128 GiB'],
    [1_572_864, '1.5 TiB'],
    [null, '–'],
  ])('of memory: %p MiB is %s', (mb, text) => {
    expect(memoryText(mb)).toBe(text);
  });

  test.each([
    [5_000, 16_384, '4.9 of 16.0 GiB'],
    [500, 16_384, '500 MiB of 16.0 GiB'],
    [100, 512, '100 of 512 MiB'],
  ])('of memory in use names a common unit once: %d of %d', (used, total, text) => {
    expect(memoryOfText(used, total)).toBe(text);
  });

  test('of hosts has its thousands apart, and knows one from many', () => {
    expect([0, 1, 1000].map((count) => countOf(count, 'host'))).toEqual(['0 hosts', '1 host', '1,000 hosts']);
  });

  test('is hot from where the usual alert begins', () => {
    expect([0, 69.9, 70, 89.9, 90, 100].map(heatOf)).toEqual(['calm', 'calm', 'warm', 'warm', 'hot', 'hot']);
  });
});
