import { describe, expect, test } from '@jest/globals';
import {
  isLostRace,
  isRefusedByPostgres,
  isRetryablePostgresError,
  postgresMessageOf,
  sqlStateOf,
} from '../../../core/platform/postgresErrors.ts';

/** As Prisma wraps what the server said. */
function fromPrisma(state: string, message = 'said the server'): Error {
  return Object.assign(
    new Error(
      `\nInvalid \`prisma.$queryRawUnsafe()\` invocation:\n\n\nRaw query failed. Code: \`${state}\`. Message: \`${message}\``,
    ),
    {
      code: 'P2010',
      meta: { driverAdapterError: { name: 'DriverAdapterError', cause: { originalCode: state } } },
    },
  );
}

/** As Prisma wraps it where a model was asked. */
function fromModel(code: string, state: string): Error {
  const cause = { originalCode: state, originalMessage: 'said the server', kind: 'postgres' };
  return Object.assign(new Error('\nInvalid `prisma.agent.findMany()` invocation:\n\n\nPrisma says it so'), {
    code,
    meta: { modelName: 'Agent', driverAdapterError: { name: 'DriverAdapterError', cause } },
  });
}

/** As Prisma wraps what never reached the server. */
function withoutState(kind: string): Error {
  return Object.assign(new Error('Raw query failed'), {
    code: 'P2010',
    meta: { driverAdapterError: { name: 'DriverAdapterError', cause: { kind } } },
  });
}

/** As pg itself throws it. */
function fromPg(state: string): Error {
  return Object.assign(new Error('said the server'), { code: state, severity: 'ERROR' });
}

describe('errors of PostgreSQL', () => {
  test.each([
    ['08006', 'connection failure'],
    ['25006', 'read-only, after a failover'],
    ['28P01', 'wrong password'],
    ['3D000', 'no such database'],
    ['40001', 'serialization failure'],
    ['40P01', 'deadlock'],
    ['42P01', 'no such table'],
    ['53100', 'disk full'],
    ['53200', 'out of memory'],
    ['53300', 'too many connections'],
    ['55P03', 'lock not available'],
    ['57014', 'statement timeout'],
    ['57P01', 'shutting down'],
    ['57P02', 'crashed'],
    ['57P03', 'starting up'],
    ['58030', 'io error'],
  ])('%s (%s) is worth repeating', (state) => {
    expect(isRetryablePostgresError(fromPrisma(state))).toBe(true);
    expect(isRetryablePostgresError(fromPg(state))).toBe(true);
  });

  test.each([
    ['22001', 'string too long'],
    ['22003', 'number out of range'],
    ['22021', 'U+0000'],
    ['22P02', 'invalid text'],
    ['22P05', 'U+0000 in JSON'],
    ['23502', 'not null'],
    ['23505', 'unique'],
    ['23514', 'no partition, or a check'],
    ['54000', 'limit exceeded'],
  ])('%s (%s) is not, because the data are at fault', (state) => {
    expect(isRefusedByPostgres(fromPrisma(state))).toBe(true);
    expect(isRefusedByPostgres(fromPg(state))).toBe(true);
    expect(isRetryablePostgresError(fromPrisma(state))).toBe(false);
    expect(isRetryablePostgresError(fromPg(state))).toBe(false);
  });

  test.each([
    fromPrisma('42601'),
    fromPg('42601'),
    fromPg('XX000'),
    new ReferenceError('You are trying to import'),
  ])('%s is neither worth repeating for certain nor the fault of the data', (error) => {
    expect(isRetryablePostgresError(error)).toBe(false);
    expect(isRefusedByPostgres(error)).toBe(false);
  });

  test.each([
    withoutState('DatabaseNotReachable'),
    withoutState('ConnectionClosed'),
    withoutState('SocketTimeout'),
    new Error('timeout exceeded when trying to connect'),
    new Error('Connection terminated due to connection timeout'),
    new Error('Connection terminated unexpectedly'),
    new Error('Query read timeout'),
    new Error('Client has encountered a connection error and is not queryable'),
    Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' }),
    Object.assign(new Error('connect EHOSTUNREACH 10.0.0.1:5432'), { code: 'EHOSTUNREACH' }),
    new AggregateError([
      new Error('connect ECONNREFUSED ::1:5432'),
      new Error('connect ECONNREFUSED 127.0.0.1:5432'),
    ]),
    Object.assign(new Error("Can't reach database server"), { code: 'P1001' }),
    Object.assign(new Error('Transaction API error: expired'), { code: 'P2028' }),
  ])('without an answer of the server, it is worth repeating: %s', (error) => {
    expect(isRetryablePostgresError(error)).toBe(true);
    expect(sqlStateOf(error)).toBeUndefined();
  });

  test.each([
    new Error('x is not a function'),
    new RangeError('Invalid time value'),
    undefined,
    null,
    'text',
    { code: 5 },
  ])('what is not an error of PostgreSQL is not: %p', (error) => {
    expect(isRetryablePostgresError(error)).toBe(false);
    expect(sqlStateOf(error)).toBeUndefined();
  });

  test.each([
    ['P2021', '42P01', 'no such table'],
    ['P2022', '42703', 'no such column'],
    ['P2034', '40P01', 'deadlock'],
    ['P2037', '53300', 'too many connections'],
    ['P2039', '57014', 'statement timeout'],
  ])('of a model, %s (%s, %s) is worth repeating', (code, state) => {
    expect(isRetryablePostgresError(fromModel(code, state))).toBe(true);
    expect(isLostRace(fromModel(code, state))).toBe(code === 'P2034');
    expect(postgresMessageOf(fromModel(code, state))).toBe('said the server');
  });

  test('of a model, what is there already is refused, and what is not there is neither', () => {
    expect(isRefusedByPostgres(fromModel('P2002', '23505'))).toBe(true);
    const missing = Object.assign(new Error('No record was found'), { code: 'P2025', meta: {} });
    expect([isRefusedByPostgres(missing), isRetryablePostgresError(missing)]).toEqual([false, false]);
  });

  test('lost races are told from other outages', () => {
    expect(['40P01', '40001', '53300', '23505'].map((state) => isLostRace(fromPrisma(state)))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test('the message is what the server said, not how Prisma wraps it', () => {
    expect(postgresMessageOf(fromPrisma('57014', 'canceling `x` due to\nstatement timeout'))).toBe(
      'canceling `x` due to\nstatement timeout',
    );
    expect(postgresMessageOf(new Error(' plain '))).toBe('plain');
  });
});
