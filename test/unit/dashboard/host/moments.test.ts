import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { MetricsAt } from '../../../../core/contracts/history.ts';
import { createMomentCache, SETTLED_SECONDS } from '../../../../dashboard/host/momentCache.ts';
import { createMomentReader, type Found } from '../../../../dashboard/host/momentReader.ts';
import { waitFor } from '../../../support/waitFor.ts';
import { at, BEGIN } from './snapshots.ts';

const NOW = BEGIN + 10_000;

const answer = (timestamp: number, time: number, held = true): MetricsAt => ({
  agent: 'web-01',
  time,
  age_seconds: time - timestamp,
  held,
  snapshot: at(timestamp),
});

describe('the cache of moments', () => {
  test('answers for each moment that a snapshot stood for, as the server does', () => {
    // Snapshots every 10 s up to 300, then one at 900; each stands for 10 s.
    const stamps = [...Array.from({ length: 31 }, (_, i) => BEGIN + 10 * i), BEGIN + 900];
    const server = (time: number): MetricsAt | null => {
      const stamp = stamps.findLast((stamp) => stamp <= time);
      return stamp === undefined ? null : answer(stamp, time, time - stamp < 10);
    };
    const offset = () => fc.integer({ min: -50, max: 1_200 });
    fc.assert(
      fc.property(
        fc.array(offset(), { maxLength: 30 }),
        fc.array(offset(), { minLength: 1 }),
        (kept, asked) => {
          const cache = createMomentCache();
          for (const time of kept) cache.keep(BEGIN + time, server(BEGIN + time), NOW);
          for (const time of kept) expect(cache.find(BEGIN + time)).not.toBeUndefined();
          for (const time of asked) {
            const [found, truth] = [cache.find(BEGIN + time), server(BEGIN + time)];
            if (found === undefined) continue;
            expect([found?.snapshot.timestamp, found?.held]).toEqual([
              truth?.snapshot.timestamp,
              truth?.held,
            ]);
          }
        },
      ),
    );
  });

  test('keeps nothing that is so new that it may still change', () => {
    const cache = createMomentCache();
    cache.keep(NOW - SETTLED_SECONDS + 1, answer(NOW - SETTLED_SECONDS, NOW), NOW);
    expect(cache.find(NOW - SETTLED_SECONDS + 1)).toBeUndefined();
  });
});

/** A server that answers when it is told to. */
function openServer() {
  const asked: { time: number; reply(answer: MetricsAt | null): void; fail(): void; aborted(): boolean }[] =
    [];
  const found: Found[] = [];
  const reader = createMomentReader({
    ask: (time, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        asked.push({
          time,
          reply: resolve,
          fail: () => reject(new Error('away')),
          aborted: () => signal.aborted,
        });
      }),
    onFound: (one) => void found.push(one),
    nowSeconds: () => NOW,
    spacingMs: 1,
  });
  const times = () => asked.map(({ time }) => time - BEGIN);
  return { asked, found, reader, times };
}

describe('the reader of moments', () => {
  test('asks for one moment at a time, and then for the one that is wanted by then', async () => {
    const { asked, found, reader, times } = openServer();
    for (const offset of [10, 20, 30, 40]) reader.want(BEGIN + offset);
    expect(times()).toEqual([10]);
    asked[0]?.reply(answer(BEGIN + 10, BEGIN + 10));
    await waitFor(() => asked.length === 2);
    expect(times()).toEqual([10, 40]);
    asked[1]?.reply(null);
    await waitFor(() => found.length === 2);
    expect(found.map(({ kind, time }) => [kind, time - BEGIN])).toEqual([
      ['snapshot', 10],
      ['nothing', 40],
    ]);
    reader.close();
  });

  test('tells of what it knows at once, and gives up what is not wanted any more', async () => {
    const { asked, found, reader, times } = openServer();
    reader.want(BEGIN + 15);
    asked[0]?.reply(answer(BEGIN + 10, BEGIN + 15));
    await waitFor(() => found.length === 1);
    reader.want(BEGIN + 50);
    await waitFor(() => asked.length === 2);
    reader.want(BEGIN + 12);
    expect(found.at(-1)).toMatchObject({ kind: 'snapshot', time: BEGIN + 12 });
    expect(asked[1]?.aborted()).toBe(true);
    expect(times()).toEqual([15, 50]);
    reader.close();
  });

  test('tells of a failure, and asks again when it is wanted again', async () => {
    const { asked, found, reader } = openServer();
    reader.want(BEGIN);
    asked[0]?.fail();
    await waitFor(() => found.length === 1);
    expect(found[0]?.kind).toBe('failed');
    reader.want(BEGIN);
    await waitFor(() => asked.length === 2);
    reader.close();
    expect(asked[1]?.aborted()).toBe(true);
  });

  test('reads ahead only while nothing is wanted, and without a word', async () => {
    const { asked, found, reader, times } = openServer();
    reader.want(BEGIN);
    reader.prefetch([BEGIN + 100, BEGIN + 200]);
    expect(times()).toEqual([0]);
    asked[0]?.reply(answer(BEGIN, BEGIN));
    await waitFor(() => asked.length === 2);
    asked[1]?.reply(answer(BEGIN + 100, BEGIN + 100));
    await waitFor(() => {
      reader.want(BEGIN + 100);
      return found.length === 2;
    });
    expect(times()).toEqual([0, 100]);
    reader.close();
  });
});
