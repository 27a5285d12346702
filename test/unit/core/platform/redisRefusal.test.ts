import { describe, expect, test } from '@jest/globals';
import { createLogger } from '../../../../core/platform/logger.ts';
import { createRedisFaults } from '../../../../core/platform/redisFaults.ts';
import { explainRefusal, isRefused } from '../../../../core/platform/redisRefusal.ts';

/** As Redis 6.2, 7.0, 7.2 and 8 say it, and as scripts pass it on. */
const REFUSALS: [message: string, command: string, rule: string | undefined][] = [
  ["NOPERM this user has no permissions to run the 'info' command or its subcommand", 'info', '+info'],
  ["NOPERM User topline has no permissions to run the 'client|list' command", 'client', '+client|list'],
  ['NOPERM this user has no permissions to access one of the keys used as arguments', 'get', '~*'],
  ['NOPERM No permissions to access a key', 'get', '~*'],
  ['NOPERM No permissions to access a channel', 'subscribe', '&*'],
  [
    "NOPERM ACL failure in script: User topline has no permissions to run the 'lpush' command script: f, on @user_script:1.",
    'evalsha',
    '+lpush',
  ],
  [
    "ERR The user executing the script can't run this command or subcommand script: f, on @user_script:1.",
    'evalsha',
    '+@all',
  ],
  [
    'ERR Error running script (call to f_5c): @user_script:1: -NOPERM No permissions to access a key',
    'evalsha',
    '~*',
  ],
  ['NOAUTH Authentication required.', 'info', undefined],
  ['WRONGPASS invalid username-password pair or user is disabled.', 'hello', undefined],
  ['ERR invalid password', 'auth', undefined],
];

describe('what Redis refuses', () => {
  test.each(REFUSALS)('is known by %j, and said with the rule that allows it', (message, command, rule) => {
    expect(isRefused(new Error(message))).toBe(true);
    const said = explainRefusal(new Error(message), command, 'topline');
    expect(said.rule).toBe(rule);
    expect(said.text).toContain('topline');
    if (rule !== undefined) expect(said.text).toContain(`ACL SETUSER topline ${rule}`);
  });

  test.each([
    "OOM command not allowed when used memory > 'maxmemory'.",
    'connect ECONNREFUSED 127.0.0.1:6379',
    'unusable payload: NOPERM',
    'ERR DB index is out of range',
  ])('is not what fails otherwise: %s', (message) => {
    expect(isRefused(new Error(message))).toBe(false);
  });
});

describe('the faults of a process with Redis', () => {
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    name: 'test',
    destination: { write: (line) => void lines.push(line) },
  });
  let nowMs = 0;
  const faults = () => createRedisFaults('topline', () => nowMs);
  const NO_INFO = new Error("NOPERM User topline has no permissions to run the 'info' command");

  test('are told once for as long as they last, and are over a minute after the last', () => {
    const known = faults();
    for (nowMs = 0; nowMs < 600_000; nowMs += 30_000) known.refused(NO_INFO, 'info', log);
    expect(lines).toHaveLength(1);
    expect(known.refusals()).toEqual([expect.stringContaining('ACL SETUSER topline +info')]);
    nowMs += 60_001;
    expect(known.refusals()).toEqual([]);
    known.refused(NO_INFO, 'info', log);
    expect(lines).toHaveLength(2);
  });

  test('of the password are over when it is let in; those of commands are not', () => {
    const known = faults();
    known.refused(new Error('WRONGPASS invalid'), 'hello', log);
    known.refused(NO_INFO, 'info', log);
    known.ready('stores');
    expect(known.refusals()).toEqual([expect.stringContaining('+info')]);
  });

  test('tell why a connection is lost, and not what follows from that', () => {
    const known = faults();
    known.lost('queues', 'connection closed');
    expect(known.outage()).toBe('connection closed');
    known.lost('stores', 'connect ECONNREFUSED 127.0.0.1:1');
    known.lost('stores', "Stream isn't writeable and enableOfflineQueue options is false");
    expect(known.outage()).toBe('connect ECONNREFUSED 127.0.0.1:1');
    known.ready('stores');
    known.closed('queues');
    expect(known.outage()).toBeUndefined();
  });
});
