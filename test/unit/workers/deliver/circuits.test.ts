import { expect, test } from '@jest/globals';
import { Circuits } from '../../../../workers/deliver/circuits.ts';

const DELIVERED = { result: 'delivered', status: 200 } as const;
const FAILED = { result: 'again', status: 500, detail: '500' } as const;
const REFUSED = { result: 'failed', status: 413, detail: '413: too large' } as const;

const fail = (circuits: Circuits, nowMs: number, channel = 'dead') => {
  expect(circuits.enter(channel, nowMs)).toBeUndefined();
  circuits.leave(channel, nowMs, FAILED);
};

test('eight messages to one channel are under way at a time, and others come back one by one', () => {
  const circuits = new Circuits();
  for (let i = 0; i < 8; i += 1) expect(circuits.enter('a', 0)).toBeUndefined();
  expect([circuits.enter('a', 0), circuits.enter('a', 0)]).toEqual([5, 10]);
  expect(circuits.enter('b', 0)).toBeUndefined();
  circuits.leave('a', 0, DELIVERED);
  expect(circuits.enter('a', 0)).toBeUndefined();
});

test('of a channel that failed last, two are under way', () => {
  const circuits = new Circuits();
  fail(circuits, 0, 'a');
  expect([circuits.enter('a', 0), circuits.enter('a', 0)]).toEqual([undefined, undefined]);
  expect(circuits.enter('a', 0)).toBe(5);
});

test('three failures in a row open a circuit, which lets one message through when its time is over', () => {
  const circuits = new Circuits();
  fail(circuits, 0);
  fail(circuits, 0);
  expect(circuits.open(0)).toEqual([]);
  fail(circuits, 0);
  expect(circuits.open(0)).toEqual(['dead']);
  expect(circuits.enter('dead', 4_999)).toBeGreaterThan(0);
  expect(circuits.enter('alive', 0)).toBeUndefined();
  expect(circuits.enter('dead', 5_000)).toBeUndefined();
  expect(circuits.enter('dead', 5_000)).toBeGreaterThan(0);
  circuits.leave('dead', 5_100, DELIVERED);
  expect(circuits.open(5_100)).toEqual([]);
  expect(circuits.enter('dead', 5_100)).toBeUndefined();
});

test('each trial that fails doubles how long it stays open, up to 5 minutes', () => {
  const circuits = new Circuits();
  let atMs = 0;
  const opens: number[] = [];
  for (let attempt = 0; attempt < 11; attempt += 1) {
    fail(circuits, atMs);
    const closesAtMs = atMs + (attempt < 2 ? 0 : Math.min(5_000 * 2 ** (attempt - 2), 300_000));
    if (attempt >= 2) {
      expect(circuits.enter('dead', closesAtMs - 1)).toBeGreaterThan(0);
      opens.push((closesAtMs - atMs) / 1_000);
    }
    atMs = closesAtMs;
  }
  expect(opens).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300]);
});

test('one that wants to be left alone is, whatever it did before, and one that refuses is alive', () => {
  const circuits = new Circuits();
  circuits.enter('busy', 0);
  circuits.leave('busy', 0, { ...FAILED, retryAfterMs: 60_000 });
  expect(circuits.enter('busy', 59_000)).toBeGreaterThanOrEqual(1_000);
  expect(circuits.enter('busy', 60_000)).toBeUndefined();
});

test('one that wants to be left alone for longer than an hour is for an hour, is shown as open, and looked at in between', () => {
  const circuits = new Circuits();
  circuits.enter('busy', 0);
  circuits.leave('busy', 0, { ...FAILED, retryAfterMs: 43_200_000 });
  expect(circuits.open(0)).toEqual(['busy']);
  expect(circuits.view('busy', 0).openUntilMs).toBe(3_600_000);
  expect(circuits.enter('busy', 0)).toBeLessThanOrEqual(65_000);
  expect(circuits.enter('busy', 3_600_000)).toBeUndefined();
});

test('a channel that has become another one is tried at once, and what was under way to the one before says nothing of it', () => {
  const circuits = new Circuits();
  circuits.enter('moved', 0, 'here');
  circuits.enter('moved', 0, 'here');
  circuits.leave('moved', 0, { ...FAILED, retryAfterMs: 60_000 }, 'here');
  expect(circuits.enter('moved', 1, 'there')).toBeUndefined();
  circuits.leave('moved', 2, { ...FAILED, retryAfterMs: 60_000 }, 'here');
  expect(circuits.isOpen('moved', 2)).toBe(false);
});

test('one that was opened by hand, here or in another process, is tried at once', () => {
  const circuits = new Circuits();
  circuits.enter('here', 0);
  circuits.leave('here', 0, { ...FAILED, retryAfterMs: 60_000 });
  circuits.noteOpenings('here', 3);
  circuits.noteOpenings('here', 3);
  expect(circuits.isOpen('here', 1)).toBe(true);
  circuits.noteOpenings('here', 4);
  expect(circuits.enter('here', 1)).toBeUndefined();
});

test('one that refused the last message for good looks unhealthy until it takes one, and gets all that there is', () => {
  const circuits = new Circuits();
  circuits.enter('ntfy', 0);
  circuits.leave('ntfy', 0, REFUSED);
  expect([circuits.unhealthy(), circuits.open(0)]).toEqual([['ntfy'], []]);
  for (let i = 0; i < 8; i += 1) expect(circuits.enter('ntfy', 0)).toBeUndefined();
  circuits.leave('ntfy', 0, DELIVERED);
  expect(circuits.unhealthy()).toEqual([]);
});
