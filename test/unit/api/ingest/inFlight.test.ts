import { expect, test } from '@jest/globals';
import { createInFlight } from '../../../../api/ingest/inFlight.ts';

/** Batches one after the other for a while. */
function after(seconds: number, batch: { size: number; seconds: number; everySeconds: number }) {
  let nowMs = 1_000_500;
  const inFlight = createInFlight(() => nowMs);
  for (let at = 0; at < seconds; at += batch.everySeconds) {
    nowMs += batch.everySeconds * 1000;
    inFlight.enqueued(batch.size, batch.seconds);
  }
  return { inFlight, pass: (ms: number) => (nowMs += ms) };
}

test('a thousand agents that report every two seconds are not many, however they meet', () => {
  for (const batch of [
    { size: 1, seconds: 0.002, everySeconds: 0.002 },
    { size: 10, seconds: 0.013, everySeconds: 0.02 },
    { size: 500, seconds: 0.03, everySeconds: 2 },
  ])
    expect(after(20, batch).inFlight.isMany()).toBe(false);
});

test('batches without a break between them are many, until nothing has come for seconds', () => {
  const { inFlight, pass } = after(20, { size: 32, seconds: 0.004, everySeconds: 0.004 });
  expect(inFlight.isMany()).toBe(true);
  pass(3_000);
  expect(inFlight.isMany()).toBe(false);
});
