import { describe, expect, test } from '@jest/globals';
import { HELP, readOptions } from '../../../bench/options.ts';

describe('the options of the benchmark', () => {
  test('have defaults, and take what is given', () => {
    expect(readOptions([])).toMatchObject({ only: [], seconds: 10, rounds: 3, agents: 1_000, profile: [] });
    expect(readOptions(['--only', 'ingest,pipeline', '--seconds', '5', '--profile', 'api'])).toMatchObject({
      only: ['ingest', 'pipeline'],
      seconds: 5,
      profile: ['api'],
    });
  });
  test.each([
    [['--seconds', '0'], '--seconds'],
    [['--rounds', 'many'], '--rounds'],
    [['--agents', '1.5'], '--agents'],
    [['--profile', 'redis'], 'redis'],
    [['--unknown'], '--help'],
  ])('%j is refused with what is wrong', (args, named) => {
    expect(() => readOptions(args)).toThrow(named);
  });
  test('may follow the one command there is beside measuring', () => {
    expect(readOptions(['seed-history', '--days', '3'])).toMatchObject({ command: 'seed-history', days: 3 });
    expect(() => readOptions(['seed'])).toThrow('seed-history');
  });
  test('are all in the help', () => {
    const { command, ...options } = readOptions([]);
    const names = Object.keys(options);
    expect(command).toBe('measure');
    expect(names.filter((name) => !HELP.includes(`--${name}`))).toEqual([]);
  });
});
