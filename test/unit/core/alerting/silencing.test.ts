import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { maintenanceFault, maintenanceWindows } from '../../../../core/alerting/maintenanceTimes.ts';
import { compileMatcher, createSilencing } from '../../../../core/alerting/silencing.ts';
import {
  alertMatcherSchema,
  maintenanceSchema,
  silenceSchema,
} from '../../../../core/contracts/alerting/silence.ts';
import { alert } from '../../../support/alerts.ts';
import { snapshotIdOf } from '../../../support/history.ts';

const secondsOf = (iso: string) => Date.parse(iso) / 1000;
const HOUR = 3600;

const silence = (starts_at: number, ends_at: number, match = {}) =>
  silenceSchema.parse({ id: snapshotIdOf(1), match, starts_at, ends_at, author: 'eve' });

const nightly = (changes: object = {}) =>
  maintenanceSchema.parse({
    id: snapshotIdOf(2),
    name: 'Nightly',
    match: {},
    cron: '30 2 * * *',
    time_zone: 'Europe/Berlin',
    duration_seconds: HOUR,
    author: 'eve',
    ...changes,
  });

describe('which alerts a matcher is for', () => {
  test.each([
    ['all, where it says nothing', {}, true],
    ['an agent of the pattern', { agents: ['db-*', 'web-0?'] }, true],
    ['no other agent', { agents: ['db-*'] }, false],
    ['a label that is there', { labels: { env: 'prod' } }, true],
    ['not one with another value', { labels: { env: 'test' } }, false],
    ['not one that is only in a prototype', { labels: { constructor: 'prod' } }, false],
    ['its rule', { rules: ['x', 'cpu-hot'] }, true],
    ['no other rule', { rules: ['x'] }, false],
    ['its severity', { severities: ['critical'] }, true],
    ['no other severity', { severities: ['info', 'warning'] }, false],
    ['none where one of several does not fit', { agents: ['web-*'], severities: ['info'] }, false],
  ])('%s', (_, match, expected) => {
    expect(compileMatcher(alertMatcherSchema.parse(match))(alert())).toBe(expected);
  });
});

describe('a silence', () => {
  test('counts from its start on, and no more at its end', () => {
    const at = createSilencing({ silences: [silence(100, 200)], maintenance: [] });
    const covers = (now: number) => at(now)(alert()).length === 1;
    expect([99, 100, 199, 200].map(covers)).toEqual([false, true, true, false]);
    expect(at(150)(alert())).toEqual([{ kind: 'silence', id: snapshotIdOf(1), endsAt: 200 }]);
  });

  test('and a maintenance window are both named where both count', () => {
    const now = secondsOf('2026-06-01T00:45:00Z');
    const at = createSilencing({ silences: [silence(0, now + 1)], maintenance: [nightly()] });
    expect(at(now)(alert()).map(({ kind }) => kind)).toEqual(['silence', 'maintenance']);
    expect(at(now)(alert({ agent_id: 'web-01' }))[1]?.endsAt).toBe(secondsOf('2026-06-01T01:30:00Z'));
  });
});

describe('a maintenance window', () => {
  const covers = (iso: string, changes?: object) =>
    createSilencing({ silences: [], maintenance: [nightly(changes)] })(secondsOf(iso))(alert()).length === 1;

  test('begins at its time in its zone, in summer and in winter', () => {
    expect(covers('2026-07-01T00:29:59Z')).toBe(false);
    expect(covers('2026-07-01T00:30:00Z')).toBe(true);
    expect(covers('2026-07-01T01:29:59Z')).toBe(true);
    expect(covers('2026-07-01T01:30:00Z')).toBe(false);
    expect(covers('2026-12-01T01:29:59Z')).toBe(false);
    expect(covers('2026-12-01T01:30:00Z')).toBe(true);
  });

  test('of a time that the clocks leave out comes when they have changed', () => {
    // 29 March: 02:00 is 03:00, which is 01:00 UTC.
    expect(covers('2026-03-29T00:59:59Z')).toBe(false);
    expect(covers('2026-03-29T01:00:00Z')).toBe(true);
    expect(covers('2026-03-29T02:00:00Z')).toBe(false);
  });

  test('of a time that comes twice comes once', () => {
    // 25 October: 03:00 is 02:00 again, so 02:30 is 00:30 UTC and 01:30 UTC.
    expect(covers('2026-10-25T00:30:00Z')).toBe(true);
    expect(covers('2026-10-25T01:29:59Z')).toBe(true);
    expect(covers('2026-10-25T01:30:00Z')).toBe(false);
  });

  test('longer than the time between two goes on without a pause', () => {
    const hourly = { cron: '0 * * * *', duration_seconds: 2 * HOUR };
    fc.assert(
      fc.property(fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }), (now) => {
        expect(covers(new Date(now * 1000).toISOString(), hourly)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('has, in any zone and year, one beginning a day, and covers exactly as long as it lasts from each', () => {
    const zones = [
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      'America/Sao_Paulo',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 0, max: 59 }),
        fc.integer({ min: 60, max: 20 * HOUR }),
        fc.integer({ min: 1_600_000_000, max: 1_900_000_000 }),
        (time_zone, hour, minute, duration_seconds, now) => {
          const windows = maintenanceWindows({
            cron: `${minute} ${hour} * * *`,
            time_zone,
            duration_seconds,
          });
          const first = windows.next(now)!;
          const second = windows.next(first.startsAt)!;
          const dayOf = (seconds: number) =>
            new Intl.DateTimeFormat('en-CA', { timeZone: time_zone }).format(seconds * 1000);
          const between =
            (Date.parse(dayOf(second.startsAt)) - Date.parse(dayOf(first.startsAt))) / 86_400_000;
          expect(between).toBe(1);
          const goesOn = (seconds: number) => (windows.at(seconds)?.startsAt ?? Infinity) <= seconds;
          expect(
            [-1, 0, duration_seconds - 1, duration_seconds].map((offset) => goesOn(first.startsAt + offset)),
          ).toEqual([false, true, true, second.startsAt === first.endsAt]);
        },
      ),
      { numRuns: 300 },
    );
  });

  test.each([
    [{ cron: '61 * * * *' }, 'cron'],
    [{ cron: '0 3 * *' }, 'cron'],
    [{ cron: '0 0 3 * * *' }, 'cron'],
    [{ cron: '0 0 30 2 *' }, 'cron'],
    [{ cron: 'a\u0000' }, 'cron'],
    [{ time_zone: 'Nowhere/Town' }, 'time_zone'],
    [{}, undefined],
    [{ cron: '0 3 * * sun', time_zone: 'America/New_York' }, undefined],
  ])('with %j: the fault is in %s', (changes, field) => {
    expect(maintenanceFault(nightly(changes), 1_700_000_000)?.field).toBe(field);
  });
});
