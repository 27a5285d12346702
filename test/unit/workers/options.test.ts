import { describe, expect, test } from '@jest/globals';
import { StartError } from '../../../core/errors.ts';
import { QUEUE_NAMES } from '../../../core/contracts/queues.ts';
import { HELP, parseRoles } from '../../../workers/options.ts';

test('without arguments a process runs all roles', () => {
  expect(parseRoles([])).toEqual(QUEUE_NAMES);
});

test.each([
  ['one', ['--roles', 'persist'], ['persist']],
  ['one, written together', ['--roles=alerts'], ['alerts']],
  [
    'several, in the order of the table and each once',
    ['--roles', 'prune, timeline,,prune'],
    ['timeline', 'prune'],
  ],
])('the roles named: %s', (_, args, roles) => {
  expect(parseRoles(args)).toEqual(roles);
});

test.each([['--help'], ['-h']])('%s asks for help and nothing else', (flag) => {
  expect(parseRoles([flag])).toBeUndefined();
  expect(parseRoles(['--roles', 'persist', flag])).toBeUndefined();
});

test('the help names every role', () => {
  for (const name of QUEUE_NAMES) expect(HELP).toContain(name);
});

describe('a command line that is wrong is refused, saying what there is', () => {
  test.each([
    ['an unknown role', ['--roles', 'timeline,archive'], /Unknown role archive: there are timeline/],
    ['the name of a property every object has', ['--roles', 'constructor'], /Unknown role constructor/],
    ['no role', ['--roles', ' , '], /names no role: there are timeline/],
    ['roles without a value', ['--roles'], /--roles[^]*Usage:/],
    ['an unknown option', ['--role', 'timeline'], /--role[^]*Usage:/],
    ['a stray word', ['timeline'], /timeline[^]*Usage:/],
  ])('%s', (_, args, message) => {
    expect(() => parseRoles(args)).toThrow(StartError);
    expect(() => parseRoles(args)).toThrow(message);
  });
});
