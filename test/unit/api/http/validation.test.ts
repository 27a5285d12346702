import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { validate } from '../../../../api/http/validation.ts';
import { snapshotSchema } from '../../../../core/contracts/snapshot.ts';
import { InvalidRequestError, type FieldFault } from '../../../../core/errors.ts';

function faultsOf(
  schema: z.ZodType,
  value: unknown,
  part: 'body' | 'query' | 'header' = 'body',
): FieldFault[] {
  try {
    validate(schema, value, part);
  } catch (error) {
    if (error instanceof InvalidRequestError) return error.faults;
    throw error;
  }
  throw new Error('it was taken');
}

test('what is right comes back parsed, with its defaults', () => {
  expect(validate(z.object({ minutes: z.coerce.number().default(60) }), {}, 'query')).toEqual({
    minutes: 60,
  });
});

describe('what is wrong', () => {
  test('is named by part and place, as clients of the service before read it', () => {
    const body = {
      timestamp: 'now',
      total_cpu_percent: 101,
      top_processes: [{ pid: 1, name: 'a', cpu_percent: -1 }],
    };
    expect(faultsOf(snapshotSchema, body).map(({ loc }) => loc)).toEqual([
      ['body', 'timestamp'],
      ['body', 'total_cpu_percent'],
      ['body', 'top_processes', 0, 'cpu_percent'],
      ['body', 'top_processes', 0, 'memory_mb'],
    ]);
  });

  test('is told apart from what is missing', () => {
    expect(faultsOf(snapshotSchema, { timestamp: null })).toEqual([
      { loc: ['body', 'timestamp'], msg: expect.any(String), type: 'invalid_type' },
      { loc: ['body', 'total_cpu_percent'], msg: 'Field required', type: 'missing' },
    ]);
  });

  test.each([null, [], 'text', 5])('as a whole is a fault of the whole: %j', (body) => {
    const [fault] = faultsOf(snapshotSchema, body);
    expect(fault).toMatchObject({ loc: ['body'], type: 'invalid_type' });
  });

  test('in a query is said to be there', () => {
    const schema = z.object({ minutes: z.coerce.number<string>().int().min(1).max(1440) });
    for (const minutes of ['0', '1441', 'x', '1.5', '']) {
      expect(faultsOf(schema, { minutes }, 'query')).toEqual([
        { loc: ['query', 'minutes'], msg: expect.any(String), type: expect.any(String) },
      ]);
    }
  });

  test('many times over is told no more often than anybody reads', () => {
    const body = { timestamp: 1, total_cpu_percent: 1, per_core_cpu_percent: Array(1000).fill('x') };
    expect(faultsOf(snapshotSchema, body)).toHaveLength(20);
  });

  test('is never repeated in the answer, so that nothing a caller sends comes back', () => {
    const hostile = '<script>alert(1)</script>';
    const body = { timestamp: hostile, total_cpu_percent: 1, agent_id: hostile, [hostile]: 1 };
    expect(JSON.stringify(faultsOf(snapshotSchema, body))).not.toContain('script');
  });

  test('always has a message and a type', () => {
    for (const fault of faultsOf(snapshotSchema, { top_processes: Array(13).fill({}) })) {
      expect(fault.msg).not.toBe('');
      expect(fault.type).not.toBe('');
    }
  });
});
