import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { closeSlow, isTooSlow, MAX_BUFFERED_BYTES } from '../../../../api/live/slowClient.ts';

test('a client is too slow once more than a megabyte waits for it', () => {
  expect(isTooSlow(0)).toBe(false);
  expect(isTooSlow(MAX_BUFFERED_BYTES)).toBe(false);
  expect(isTooSlow(MAX_BUFFERED_BYTES + 1)).toBe(true);
});

test('hundreds of snapshots may wait, as after a hiccup of the network', () => {
  expect(isTooSlow(500 * 1400)).toBe(false);
});

describe('closing a slow client', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  class Recorded extends EventEmitter {
    readonly calls: unknown[][] = [];
    close(...args: unknown[]) {
      this.calls.push(['close', ...args]);
    }
    terminate() {
      this.calls.push(['terminate']);
    }
  }

  test('tells why, and cuts it off when it does not answer', () => {
    const socket = new Recorded();
    closeSlow(socket);
    expect(socket.calls).toEqual([['close', 1013, 'too slow']]);
    jest.advanceTimersByTime(5_000);
    expect(socket.calls).toEqual([['close', 1013, 'too slow'], ['terminate']]);
  });

  test('leaves it alone once it has closed', () => {
    const socket = new Recorded();
    closeSlow(socket);
    socket.emit('close');
    expect(jest.getTimerCount()).toBe(0);
  });
});
