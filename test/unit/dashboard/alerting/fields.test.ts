import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ApiError } from '../../../../dashboard/client/request.ts';
import { durationField, secondsOfField } from '../../../../dashboard/form/duration.ts';
import { errorAt, fieldErrorsOf, refusalOf } from '../../../../dashboard/form/fieldErrors.ts';
import { matcherText } from '../../../../dashboard/alerting/form/matcherForm.ts';

describe('a duration', () => {
  test('is read as it is written, to the second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000 }), (seconds) => {
        expect(secondsOfField(durationField(seconds))).toBe(seconds);
      }),
    );
  });

  test.each([
    ['45', 45],
    ['45s', 45],
    ['10 min', 600],
    ['10m', 600],
    [' 1h 30 min ', 5_400],
    ['2 d', 172_800],
    ['', undefined],
    ['soon', undefined],
    ['1 h and a bit', undefined],
    ['-5 s', undefined],
    ['1.5 h', undefined],
  ])('%j is %j seconds', (text, seconds) => {
    expect(secondsOfField(text)).toBe(seconds);
  });
});

describe('what the server says is wrong', () => {
  const errors = [
    { loc: ['body', 'rule', 'condition', 'at_or_above'], msg: 'Too big' },
    { loc: ['body', 'rule', 'match', 'agents', 2], msg: 'Too long' },
    { loc: ['body', 'from'], msg: 'Too early' },
  ];

  test('stands at its field, wherever the form lies in the request', () => {
    expect(fieldErrorsOf(errors, ['rule'])).toEqual({
      'condition.at_or_above': 'Too big',
      'match.agents.2': 'Too long',
      from: 'Too early',
    });
  });

  test('about one line of a list stands at the list, and not at another field that begins alike', () => {
    const byPlace = fieldErrorsOf(errors, ['rule']);
    expect(errorAt(byPlace, 'match.agents')).toBe('Too long');
    expect(errorAt(byPlace, 'match.agent')).toBeUndefined();
  });

  test('is a conflict where somebody else was first, and words where it is about no field', () => {
    expect(refusalOf(new ApiError(412, 'There is a newer one'))).toMatchObject({
      conflict: true,
      reason: undefined,
    });
    expect(refusalOf(new ApiError(409, 'It is taken'))).toMatchObject({
      conflict: false,
      reason: 'It is taken',
    });
    expect(refusalOf(new ApiError(422, 'a: b', undefined, errors))).toMatchObject({ reason: undefined });
  });
});

test('which alerts something is for is told in words', () => {
  expect(matcherText({ agents: ['*'], labels: {} })).toBe('Every host');
  expect(
    matcherText({
      agents: ['web-*', 'db-1'],
      labels: { env: 'prod' },
      rules: ['cpu-hot'],
      severities: ['critical'],
    }),
  ).toBe('web-*, db-1 with env=prod; critical; rule cpu-hot');
});
