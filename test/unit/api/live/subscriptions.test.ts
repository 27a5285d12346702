import { expect, test } from '@jest/globals';
import { subscriptionRefusal } from '../../../../api/live/subscriptions.ts';

const LIMITS = { mostOfSocket: 10, mostOfNode: 100 };
const refusal = (own: number, all: number, more: number) => subscriptionRefusal({ own, all }, more, LIMITS);

test('a socket may hold as many subscriptions as its limit, which the refusal names', () => {
  expect(refusal(0, 0, 10)).toBeUndefined();
  expect(refusal(9, 9, 1)).toBeUndefined();
  expect(refusal(9, 9, 2)).toContain('may subscribe to 10 agents, and has 9');
});

test('all sockets together may hold as many as theirs', () => {
  expect(refusal(0, 95, 5)).toBeUndefined();
  expect(refusal(0, 95, 6)).toContain('may hold 100 subscriptions, and have 95');
});

test('what takes nothing more is not refused, however full it is', () => {
  expect(refusal(10, 100, 0)).toBeUndefined();
});
