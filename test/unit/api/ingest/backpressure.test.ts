import { describe, expect, test } from '@jest/globals';
import { createBackpressure, reasonToRefuse, type Backlog } from '../../../../api/ingest/backpressure.ts';

const LIMITS = { maxJobs: 1000, maxAgeSeconds: 600, memoryPercent: 70 };

function backlog(changes: Partial<Backlog> = {}): Backlog {
  return { jobs: { persist: 0 }, ageSeconds: { persist: 0 }, memoryShare: 0.1, ...changes };
}

describe('snapshots are refused', () => {
  test.each<[string, Backlog, boolean, RegExp | undefined]>([
    ['nothing waits', backlog(), false, undefined],
    ['as many wait as may', backlog({ jobs: { persist: 1000 } }), false, undefined],
    [
      'one more waits',
      backlog({ jobs: { persist: 1001 } }),
      false,
      /1001 jobs.*persist.*BACKLOG_MAX_JOBS 1000/,
    ],
    ['any queue is too long', backlog({ jobs: { a: 0, b: 5000 } }), false, /queue b/],
    ['refusing, until there is room to spare', backlog({ jobs: { persist: 950 } }), true, /950 jobs/],
    ['refusing, and there is room to spare', backlog({ jobs: { persist: 900 } }), true, undefined],
    [
      'the oldest is too old',
      backlog({ ageSeconds: { persist: 601 } }),
      false,
      /601 s old.*BACKLOG_MAX_SECONDS 600/,
    ],
    ['Redis is too full', backlog({ memoryShare: 0.71 }), false, /71 %.*REDIS_MEMORY_PERCENT 70/],
    ['refusing, and Redis is hardly emptier', backlog({ memoryShare: 0.65 }), true, /65 %/],
    ['refusing, and Redis has room to spare', backlog({ memoryShare: 0.62 }), true, undefined],
    ['Redis does not tell how full it is', backlog({ memoryShare: undefined }), false, undefined],
    [
      'that is not told, and too much waits',
      backlog({ memoryShare: undefined, jobs: { persist: 1001 } }),
      false,
      /1001 jobs/,
    ],
  ])('where %s: %#', (_, state, refusing, reason) => {
    const refused = reasonToRefuse(state, LIMITS, refusing);
    if (reason === undefined) expect(refused).toBeUndefined();
    else expect(refused).toMatch(reason);
  });
});

test('the last decision stands while the backlog cannot be asked for, and a change is told once', async () => {
  const told: (string | undefined)[] = [];
  const answers: (Backlog | undefined)[] = [
    backlog({ memoryShare: 0.8 }),
    backlog({ memoryShare: 0.9 }),
    undefined,
    backlog(),
  ];
  const backpressure = createBackpressure(
    LIMITS,
    async () => {
      const answer = answers.shift();
      if (answer === undefined) throw new Error('Redis is away');
      return answer;
    },
    (reason) => told.push(reason),
  );
  expect(() => backpressure.check()).not.toThrow();
  await backpressure.update();
  await backpressure.update();
  expect(() => backpressure.check()).toThrow('Redis uses 90 %');
  await backpressure.update();
  expect(() => backpressure.check()).toThrow(
    expect.objectContaining({ name: 'UnavailableError', retryAfterSeconds: 5 }),
  );
  await backpressure.update();
  expect(() => backpressure.check()).not.toThrow();
  expect(told).toEqual([expect.stringContaining('80 %'), undefined]);
});
