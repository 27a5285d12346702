import { parseArgs } from 'node:util';
import type { QueueName } from '../core/contracts/queues.ts';
import { messageOf, StartError } from '../core/errors.ts';
import { ROLE_NAMES } from './roles.ts';

export const HELP = `Usage: npm run workers -- [--roles ROLE,…]

Runs workers in this process: all roles, or the ones named. Several processes may run the same role.

  --roles   ${ROLE_NAMES.join(', ')} (default: all of them)
  --help    this text

Stores, retention and the rest come from the environment: docs/configuration.md has the table.
`;

/**
 * The roles a command line asks for; undefined where it asks for help.
 *
 * @throws {StartError} naming what is wrong and what there is
 */
export function parseRoles(args: string[]): QueueName[] | undefined {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: { roles: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    }));
  } catch (error) {
    throw new StartError(`${messageOf(error)}\n\n${HELP}`);
  }
  if (values.help) return undefined;
  if (values.roles === undefined) return [...ROLE_NAMES];
  const asked = values.roles
    .split(',')
    .map((role) => role.trim())
    .filter(Boolean);
  const unknown = asked.filter((role) => !ROLE_NAMES.some((name) => name === role));
  if (unknown.length > 0)
    throw new StartError(`Unknown role ${unknown.join(', ')}: there are ${ROLE_NAMES.join(', ')}`);
  if (asked.length === 0) throw new StartError(`--roles names no role: there are ${ROLE_NAMES.join(', ')}`);
  return ROLE_NAMES.filter((name) => asked.includes(name));
}
