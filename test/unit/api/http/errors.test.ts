import { expect, test } from '@jest/globals';
import { HttpError, toAnswer } from '../../../../api/http/errors.ts';
import {
  ConflictError,
  InvalidRequestError,
  NotFoundError,
  StaleVersionError,
  UnavailableError,
} from '../../../../core/errors.ts';

const FAULTS = [{ loc: ['body'], msg: 'Field required', type: 'missing' }];

test.each([
  [new NotFoundError('There is none'), { status: 404, detail: 'There is none' }],
  [new ConflictError('It is over'), { status: 409, detail: 'It is over' }],
  [new StaleVersionError('Changed meanwhile'), { status: 412, detail: 'Changed meanwhile' }],
  [new InvalidRequestError(FAULTS), { status: 422, detail: FAULTS }],
  [new UnavailableError('Away'), { status: 503, detail: 'Away', retryAfterSeconds: 2 }],
  [
    new UnavailableError('Full', { retryAfterSeconds: 30 }),
    { status: 503, detail: 'Full', retryAfterSeconds: 30 },
  ],
  [new HttpError(429, 'Too many', 7), { status: 429, detail: 'Too many', retryAfterSeconds: 7 }],
  [new HttpError(403, 'Not allowed'), { status: 403, detail: 'Not allowed' }],
])('%p has its answer', (error, answer) => {
  expect(toAnswer(error)).toEqual(answer);
});

test('what is none of ours has no answer of its own', () => {
  expect(toAnswer(new Error('broken'))).toBeUndefined();
  expect(toAnswer('broken')).toBeUndefined();
});
