import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { silenceSchema } from '../../../core/contracts/alerting/silence.ts';
import { createAuditStore } from '../../../core/stores/postgres/audit.ts';
import { createSilenceStore, type SilenceStore } from '../../../core/stores/postgres/silences.ts';
import { nowSeconds } from '../../../core/time.ts';
import { createTestHistory, snapshotIdOf, type TestHistory } from '../../support/history.ts';

const ACTOR = { role: 'operator', address: '10.0.0.1' };
const NOW = nowSeconds();

let history: TestHistory;
let silences: SilenceStore;
beforeAll(async () => {
  history = await createTestHistory();
  silences = createSilenceStore(history);
});
afterAll(() => history.close());

const silence = (number: number, starts_at: number, ends_at: number) =>
  silenceSchema.parse({
    id: snapshotIdOf(number),
    match: { agents: ['web-*'] },
    starts_at,
    ends_at,
    author: 'eve',
  });

test('a silence that is ended stays, with the moment it was ended; one that is over keeps its own', async () => {
  const going = silence(1, NOW - 100, NOW + 100);
  const over = silence(2, NOW - 100, NOW - 50);
  const coming = silence(3, NOW + 50, NOW + 100);
  for (const each of [going, going, over, coming]) await silences.create(each, ACTOR);
  expect(await silences.list({ endsAfter: undefined, limit: 10 })).toEqual([going, coming, over]);
  expect(await silences.list({ endsAfter: NOW, limit: 10 })).toEqual([going, coming]);
  expect(await silences.expire(going.id, NOW, ACTOR)).toEqual({ ...going, ends_at: NOW });
  expect(await silences.expire(over.id, NOW, ACTOR)).toEqual(over);
  // It never begins, and its end is not before its start.
  expect(await silences.expire(coming.id, NOW, ACTOR)).toEqual({ ...coming, starts_at: NOW, ends_at: NOW });
  expect(await silences.list({ endsAfter: NOW, limit: 10 })).toEqual([]);
  await expect(silences.expire(snapshotIdOf(9), NOW, ACTOR)).rejects.toMatchObject({ name: 'NotFoundError' });
});

test('who made it and who ended it is written down, once each', async () => {
  const audit = await createAuditStore(history).list({
    limit: 20,
    beforeId: undefined,
    target: snapshotIdOf(1),
  });
  expect(audit.map(({ action, by }) => [action, by])).toEqual([
    ['silence.expired', null],
    ['silence.created', 'eve'],
  ]);
});
