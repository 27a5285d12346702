import { parseArgs } from 'node:util';
import { messageOf } from '../../core/errors.ts';

export const HELP = `Sends the service what nobody should send it. It must answer everything without a 5xx, tell what is wrong with every
4xx, take nothing that is not a snapshot, never end, and need no more memory for it.

  npm run test:fuzz -- [options]

  --inputs N     how many inputs (default 20000)
  --seed N       the same inputs as an earlier run (default: chosen and told)
  --only KIND    only one kind: requests, bytes, handshakes or frames
  --replay KIND:SEED:PATH
                 one input again, as a failure names it
  --help         this text

It brings its own Redis and PostgreSQL, an API and workers. Exit code 0 only if every input passed.
`;

export interface Replay {
  kind: string;
  seed: number;
  path: string;
}

export interface Options {
  inputs: number;
  seed: number;
  only: string | undefined;
  replay: Replay | undefined;
  help: boolean;
}

/** @throws {Error} naming what is wrong */
export function readOptions(args: string[]): Options {
  const { values } = parse(args);
  return {
    inputs: wholeNumber('--inputs', values.inputs ?? '20000'),
    seed: wholeNumber('--seed', values.seed ?? String(Math.floor(Math.random() * 1_000_000))),
    only: values.only,
    replay: values.replay === undefined ? undefined : readReplay(values.replay),
    help: values.help ?? false,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        inputs: { type: 'string' },
        seed: { type: 'string' },
        only: { type: 'string' },
        replay: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new Error(`${messageOf(error)}\n\n${HELP}`, { cause: error });
  }
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} takes a whole number, not ${JSON.stringify(text)}`);
  return Number(text);
}

function readReplay(text: string): Replay {
  const [, kind, seed, path] = /^(\w+):(-?\d+):([\d:]+)$/.exec(text) ?? [];
  if (kind === undefined || seed === undefined || path === undefined)
    throw new Error(`--replay takes KIND:SEED:PATH as a failure names it, not ${JSON.stringify(text)}`);
  return { kind, seed: Number(seed), path };
}
