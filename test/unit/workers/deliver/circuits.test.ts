import { expect, test } from '@jest/globals';
import { Circuits } from '../../../../workers/deliver/circuits.ts';

const fail = (circuits: Circuits, nowMs: number, channel = 'dead') => {
  expect(circuits.enter(channel, nowMs)).toBeUndefined();
  circuits.leave(channel, false, nowMs);
};

test('eight messages to one channel are under way at a time, and others come back one by one', () => {
  const circuits = new Circuits();
  for (let i = 0; i < 8; i += 1) expect(circuits.enter('a', 0)).toBeUndefined();
  expect([circuits.enter('a', 0), circuits.enter('a', 0)]).toEqual([5, 10]);
  expect(circuits.enter('b', 0)).toBeUndefined();
  circuits.leave('a', true, 0);
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
  expect(circuits.open()).toEqual([]);
  fail(circuits, 0);
  expect(circuits.open()).toEqual(['dead']);
  expect(circuits.enter('dead', 4_999)).toBeGreaterThan(0);
  expect(circuits.enter('alive', 0)).toBeUndefined();
  expect(circuits.enter('dead', 5_000)).toBeUndefined();
  expect(circuits.enter('dead', 5_000)).toBeGreaterThan(0);
  circuits.leave('dead', true, 5_100);
  expect(circuits.open()).toEqual([]);
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
  circuits.leave('busy', false, 0, 60_000);
  expect(circuits.enter('busy', 59_000)).toBeGreaterThanOrEqual(1_000);
  expect(circuits.enter('busy', 60_000)).toBeUndefined();
});
