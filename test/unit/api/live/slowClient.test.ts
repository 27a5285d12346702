import { expect, test } from '@jest/globals';
import { isTooSlow, MAX_BUFFERED_BYTES } from '../../../../api/live/slowClient.ts';

test('a client is too slow once more than a megabyte waits for it', () => {
  expect(isTooSlow(0)).toBe(false);
  expect(isTooSlow(MAX_BUFFERED_BYTES)).toBe(false);
  expect(isTooSlow(MAX_BUFFERED_BYTES + 1)).toBe(true);
});

test('hundreds of snapshots may wait, as after a hiccup of the network', () => {
  expect(isTooSlow(500 * 1400)).toBe(false);
});
