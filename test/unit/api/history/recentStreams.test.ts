import { text } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { createRecentStreams } from '../../../../api/history/recentStreams.ts';
import { UnavailableError } from '../../../../core/errors.ts';
import type { RecentSnapshot } from '../../../../core/stores/redis/timeline.ts';
import { waitFor } from '../../../support/waitFor.ts';

const sliceOf = (...times: number[]): RecentSnapshot[] =>
  times.map((timestamp) => ({ timestamp, json: Buffer.from(JSON.stringify({ timestamp })) }));

/** Slices that say how many of all of them are read at a time. */
function watched() {
  let reading = 0;
  let most = 0;
  let read = 0;
  return {
    most: () => most,
    read: () => read,
    async *slices(count: number) {
      for (let i = 0; i < count; i += 1) {
        reading += 1;
        most = Math.max(most, reading);
        await nextTurn();
        reading -= 1;
        read += 1;
        yield sliceOf(2 * i, 2 * i + 1);
      }
    },
  };
}

const atOnce = () => Promise.resolve();

test('an answer is the JSON array of all slices, and of nothing an empty one', async () => {
  const streams = createRecentStreams({ waitForTurn: atOnce });
  const { slices } = watched();
  expect(JSON.parse(await text(await streams.open(slices(3))))).toEqual(
    [0, 1, 2, 3, 4, 5].map((timestamp) => ({ timestamp })),
  );
  expect(await text(await streams.open(slices(0)))).toBe('[]');
});

test('however many answers are under way, one slice is read at a time, each when it is its turn', async () => {
  let turns = 0;
  const streams = createRecentStreams({
    waitForTurn: async () => {
      turns += 1;
      await nextTurn();
    },
  });
  const { slices, most, read } = watched();
  const answers = await Promise.all(
    Array.from({ length: 5 }, async () => text(await streams.open(slices(4)))),
  );
  expect(answers.map((answer) => (JSON.parse(answer) as unknown[]).length)).toEqual([8, 8, 8, 8, 8]);
  expect(most()).toBe(1);
  expect(read()).toBe(20);
  // And one to find that there is nothing more, for each.
  expect(turns).toBe(25);
});

test('past so many answers another one is refused, until one of them is over or given up', async () => {
  const streams = createRecentStreams({ waitForTurn: atOnce, most: 2 });
  const { slices } = watched();
  const [first, second] = [await streams.open(slices(2)), await streams.open(slices(2))];
  await expect(streams.open(slices(1))).rejects.toThrow(UnavailableError);
  first.destroy();
  await waitFor(() => first.closed);
  const third = await streams.open(slices(1));
  await expect(streams.open(slices(1))).rejects.toThrow(/Retry-After/);
  await Promise.all([text(second), text(third)]);
  expect(await text(await streams.open(slices(1)))).toBe('[{"timestamp":0},{"timestamp":1}]');
});

test('a first slice that cannot be read is told as such, and takes no place', async () => {
  const streams = createRecentStreams({ waitForTurn: atOnce, most: 1 });
  // oxlint-disable-next-line require-yield
  async function* broken(): AsyncGenerator<RecentSnapshot[]> {
    await nextTurn();
    throw new Error('Connection is closed.');
  }
  for (let i = 0; i < 3; i += 1)
    await expect(streams.open(broken())).rejects.toThrow('Redis unavailable: Connection is closed.');
});

test('a client that reads nothing is cut off, and holds no place', async () => {
  const streams = createRecentStreams({ waitForTurn: atOnce, most: 1, stalledMs: 5 });
  const { slices } = watched();
  const stalled = await streams.open(slices(50));
  const reasons: string[] = [];
  stalled.on('error', ({ message }) => reasons.push(message));
  stalled.read(0);
  await waitFor(() => stalled.closed);
  expect(reasons).toEqual(['the client reads too slowly']);
  const next = await streams.open(slices(1));
  expect(await text(next)).toBe('[{"timestamp":0},{"timestamp":1}]');
});
