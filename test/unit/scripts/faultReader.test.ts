import { describe, expect, test } from '@jest/globals';
import { createFaultReader } from '../../../scripts/faultReader.ts';

describe('what a child writes', () => {
  function reader() {
    const said: string[] = [];
    const clock = { now: 0 };
    return {
      said,
      clock,
      faults: createFaultReader(
        (fault) => said.push(fault),
        () => clock.now,
      ),
    };
  }
  const record = (level: number, msg: string, more: object = {}) => JSON.stringify({ level, msg, ...more });

  test('reaches the user where it is a warning or worse', () => {
    const { said, faults } = reader();
    faults.readLog(record(30, 'listening'));
    faults.readLog(record(40, 'no append-only file'));
    faults.readLog(record(50, 'a step failed', { reason: 'timeout' }));
    faults.readLog(record(60, 'could not start: EADDRINUSE', { err: { message: 'EADDRINUSE' } }));
    expect(said).toEqual(['no append-only file', 'a step failed: timeout', 'could not start: EADDRINUSE']);
  });

  test('is said again only after a minute', () => {
    const { said, clock, faults } = reader();
    for (const now of [0, 59_999, 60_000]) {
      clock.now = now;
      faults.readLog(record(50, 'Redis is away'));
    }
    expect(said).toHaveLength(2);
  });

  test.each(['', 'no JSON', 'null', '7', '"text"', '[]', '{"level":"high"}'])(
    'may be anything: %p',
    (line) => {
      const { said, faults } = reader();
      faults.readLog(line);
      expect(said).toEqual([]);
    },
  );

  test('on stderr is kept for the end, its last lines', () => {
    const { said, faults } = reader();
    for (let line = 1; line <= 20; line++) faults.readStderr(`line ${line}`);
    expect(said).toEqual([]);
    expect(faults.lastWords()).toMatch(/^\n {2}line 13\n[^]*line 20$/);
  });
});
