import { parseArgs } from 'node:util';
import { messageOf } from '../core/errors.ts';

export const HELP = `Measures the service beside two controls, in turn and with the same requests, and tells rates as ratios to theirs.

  npm run bench -- [options]
  npm run bench -- seed-history [--agents N] [--days N]     makes the history that the scenario history reads (20 GB)

  --only NAMES       only these scenarios, separated by commas (--list shows them)
  --seconds N        how long each run is measured, after a warm-up of 3 s (default 10)
  --rounds N         how often each is run; figures are medians (default 3)
  --agents N         different agents that send (default 1000)
  --days N           for seed-history: how many, of a snapshot a minute and agent (default 30)
  --connections N    keep-alive connections, each with one request under way (default 64)
  --profile ROLES    writes CPU profiles of these processes, api or worker or both, and tells where they lie and which
                     functions take most. Makes them slower: nothing to compare with
  --results DIR      where the JSON and the chart go (default bench/results)
  --keep             keeps the logs of all processes
  --list             shows the scenarios
  --help             this text

Needs Linux. Brings its own Redis (append-only file, synced before each answer) and PostgreSQL (fsync on), on free ports
and in a temporary directory. docs/performance.md says what is measured, and how to read it.
`;

export interface Options {
  command: 'measure' | 'seed-history';
  only: string[];
  seconds: number;
  rounds: number;
  agents: number;
  days: number;
  connections: number;
  profile: string[];
  results: string;
  keep: boolean;
  list: boolean;
  help: boolean;
}

/** @throws {Error} naming what is wrong */
export function readOptions(args: string[]): Options {
  const { values, positionals } = parse(args);
  const [command = 'measure', ...more] = positionals;
  if ((command !== 'measure' && command !== 'seed-history') || more.length > 0)
    throw new Error(`There is no command ${positionals.join(' ')}: only seed-history, or none to measure`);
  const profile = namesIn(values.profile);
  const unknown = profile.filter((role) => !['api', 'worker'].includes(role));
  if (unknown.length > 0) throw new Error(`--profile takes api and worker, not ${unknown.join(', ')}`);
  return {
    command,
    only: namesIn(values.only),
    seconds: positive('--seconds', values.seconds ?? '10'),
    rounds: positive('--rounds', values.rounds ?? '3'),
    agents: positive('--agents', values.agents ?? '1000'),
    days: positive('--days', values.days ?? '30'),
    connections: positive('--connections', values.connections ?? '64'),
    profile,
    results: values.results ?? 'bench/results',
    keep: values.keep ?? false,
    list: values.list ?? false,
    help: values.help ?? false,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        only: { type: 'string' },
        seconds: { type: 'string' },
        rounds: { type: 'string' },
        agents: { type: 'string' },
        days: { type: 'string' },
        connections: { type: 'string' },
        profile: { type: 'string' },
        results: { type: 'string' },
        keep: { type: 'boolean' },
        list: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new Error(`${messageOf(error)}\n\n${HELP}`, { cause: error });
  }
}

function namesIn(text = ''): string[] {
  return text.split(',').filter(Boolean);
}

function positive(name: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text))
    throw new Error(`${name} takes a whole number above 0, not ${JSON.stringify(text)}`);
  return Number(text);
}
