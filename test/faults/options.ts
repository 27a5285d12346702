import { parseArgs } from 'node:util';
import { messageOf } from '../../core/errors.ts';

export const HELP = `Breaks the service in every way of the matrix and checks that nothing is lost or doubled.

  npm run test:faults -- [options]

  --only ROW      only these rows, separated by commas: 1 to 16, chaos, price, controls, or a name that --list shows
  --kills N       kills in the row chaos (default 200)
  --rate N        new snapshots a second in the row chaos, while it can take them (default 150)
  --repeat N      runs the chosen cases N times, each with the next seed: a long run in pieces that add up
  --seed N        repeats the choices of an earlier run (default: chosen and told)
  --quick         shorter outages and fewer rounds, for work on the harness
  --report FILE   where the JSON report goes (default .topline/faults/report.json)
  --keep          keeps the logs and ledgers, also of a run without a fault
  --list          shows the cases
  --help          this text
`;

export interface Options {
  only: string[];
  kills: number;
  rate: number;
  repeat: number;
  seed: number;
  quick: boolean;
  report: string;
  keep: boolean;
  list: boolean;
  help: boolean;
}

/** @throws {Error} naming what is wrong */
export function readOptions(args: string[]): Options {
  const { values } = parse(args);
  return {
    only: (values.only ?? '').split(',').filter(Boolean),
    kills: wholeNumber('--kills', values.kills ?? '200'),
    rate: wholeNumber('--rate', values.rate ?? '150'),
    repeat: wholeNumber('--repeat', values.repeat ?? '1'),
    seed: wholeNumber('--seed', values.seed ?? String(Math.floor(Math.random() * 1_000_000))),
    quick: values.quick ?? false,
    report: values.report ?? '.topline/faults/report.json',
    keep: values.keep ?? false,
    list: values.list ?? false,
    help: values.help ?? false,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        only: { type: 'string' },
        kills: { type: 'string' },
        rate: { type: 'string' },
        repeat: { type: 'string' },
        seed: { type: 'string' },
        quick: { type: 'boolean' },
        report: { type: 'string' },
        keep: { type: 'boolean' },
        list: { type: 'boolean' },
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
