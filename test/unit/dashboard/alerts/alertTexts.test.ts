import { expect, test } from '@jest/globals';
import { amountText, culpritText } from '../../../../dashboard/alerts/alertTexts.ts';

test.each([
  [98.54, 'percent', '98.5 %'],
  [8_000, 'mb', '7.8 GiB'],
  [192, 'seconds', '3 min 12 s'],
  [1, 'none', '–'],
  [null, 'percent', '–'],
] as const)('%s in %s is %s', (value, unit, text) => {
  expect(amountText(value, unit)).toBe(text);
});

test('a culprit is told with its share', () => {
  expect(culpritText({ name: 'ffmpeg', share: 0.812 })).toBe('ffmpeg 81 %');
});
