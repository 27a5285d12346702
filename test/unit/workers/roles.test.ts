import { expect, test } from '@jest/globals';
import { QUEUE_NAMES } from '../../../core/contracts/queues.ts';
import { ROLES } from '../../../workers/roles.ts';

test('there is a row for every queue, in the order of the queues', () => {
  expect(Object.keys(ROLES)).toEqual(QUEUE_NAMES);
});

test('what comes by itself is told apart by its id, and needs PostgreSQL where its role does', () => {
  const schedules = QUEUE_NAMES.flatMap((name) =>
    (ROLES[name].schedules ?? []).map((schedule) => ({ ...schedule, postgres: ROLES[name].postgres })),
  );
  expect(new Set(schedules.map(({ id }) => id)).size).toBe(schedules.length);
  for (const { postgres, needsPostgres } of schedules)
    if (postgres !== 'used') expect(needsPostgres === true).toBe(postgres === 'needed');
});
