import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf, StartError } from '../core/errors.ts';

export interface UpOptions {
  help: boolean;
  /** Whether to watch this machine. */
  agent: boolean;
  dataDir: string;
}

export const HELP = `Topline: the whole service on this machine.

  npm start [-- options]

  --no-agent       do not watch this machine; only take what other agents send
  --data-dir DIR   keep data and logs there (default: .topline in the project)
  --help           this text

Without further settings an embedded Redis and PostgreSQL are started and kept between runs. To use yours:

  REDIS_URL=redis://:password@host:6379/0 POSTGRES_DSN=postgresql://user:password@host:5432/database npm start

PORT (8000) and HOST (0.0.0.0) say where it listens. All settings: docs/configuration.md.
`;

/**
 * @param project where the default data directory is
 * @throws {StartError} for an option that does not exist
 */
export function readOptions(args: string[], project: string): UpOptions {
  try {
    const { values } = parseArgs({
      args,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        'no-agent': { type: 'boolean', default: false },
        'data-dir': { type: 'string' },
      },
    });
    return {
      help: values.help,
      agent: !values['no-agent'],
      dataDir: resolve(values['data-dir'] || join(project, '.topline')),
    };
  } catch (error) {
    throw new StartError(`${messageOf(error)}\nAll options: npm start -- --help`, { cause: error });
  }
}
