import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  ConfigError,
  InvalidRequestError,
  messageOf,
  StartError,
  UnavailableError,
} from '../../../core/errors.ts';

test('a request error lists each fault by its place', () => {
  const faults = [
    { loc: ['body', 'timestamp'], msg: 'Field required', type: 'missing' },
    { loc: ['body', 'top_processes', 3, 'pid'], msg: 'expected number', type: 'invalid_type' },
  ];
  const error = new InvalidRequestError(faults);
  expect(error).toMatchObject({ name: 'InvalidRequestError', faults });
  expect(error.message).toBe('body.timestamp: Field required; body.top_processes.3.pid: expected number');
});

test('an unavailable store says when to come back and keeps its cause', () => {
  const cause = new Error('ECONNREFUSED');
  expect(new UnavailableError('Redis unavailable')).toMatchObject({ retryAfterSeconds: 2 });
  const error = new UnavailableError('Redis unavailable', { retryAfterSeconds: 7, cause });
  expect(error).toMatchObject({ name: 'UnavailableError', retryAfterSeconds: 7, cause });
});

test('a configuration error is one message with a line for each fault', () => {
  const error = new ConfigError(['PORT: must be a whole number', 'REDIS_DB: must be at least 0']);
  expect(error.message.split('\n')).toEqual([
    'The configuration cannot be used:',
    '  - PORT: must be a whole number',
    '  - REDIS_DB: must be at least 0',
  ]);
});

test('a start error is told apart by its name', () => {
  expect(new StartError('port taken')).toMatchObject({ name: 'StartError', message: 'port taken' });
});

describe('the message of whatever was thrown', () => {
  test.each([
    ['an error', new Error('broken'), 'broken'],
    ['a text', 'broken', 'broken'],
    ['nothing', undefined, 'undefined'],
    [
      'the several failures of a dual-stack connect',
      new AggregateError([new Error('::1 refused'), new Error('127.0.0.1 refused')]),
      '::1 refused; 127.0.0.1 refused',
    ],
    [
      'several failures under one message',
      new AggregateError([new Error('a')], 'all of them'),
      'all of them',
    ],
  ])('%s', (_, thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
  });
});

test('errors and stores know nothing of HTTP: its status is chosen in api/http/errors.ts', () => {
  const stores = readdirSync('core/stores', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `core/stores/${name}`);
  const knowing = ['core/errors.ts', ...stores].filter((file) =>
    /\b(40[0-9]|412|422|429|50[1-5])\b|statusCode/.test(readFileSync(file, 'utf8')),
  );
  expect(knowing).toEqual([]);
});
