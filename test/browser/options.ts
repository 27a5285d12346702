import { parseArgs } from 'node:util';
import { messageOf } from '../../core/errors.ts';

export const HELP = `Opens the pages in Chromium, against the whole service with real data, and uses them as a person would.

  npm run test:browser -- [options]

  --only TEXT      only the flows with this text in their group or name, whatever its case
  --quick          1,000 hosts for 15 s instead of 60 s, for every day and for CI
  --long           1,000 hosts for 10 minutes, after 5 to begin with: memory must stay flat, and the main thread at most 30 %
                   busy
  --screenshots    makes the pictures in test/screenshots anew, and runs nothing else
  --chromium FILE  the browser to use (default: chromium or Google Chrome on the PATH; as root on Debian it is installed
                   with apt-get where there is none)
  --headed         shows the browser
  --keep           keeps the logs, also of a run without a fault
  --list           shows the flows
  -h, --help       this text

Figures (bytes, times, busy share, memory) go to .topline/browser/figures.json; for a flow that fails, a picture of what
the page showed is beside it.
`;

export interface Options {
  only: string;
  /** How long 1,000 hosts report, in seconds. */
  loadSeconds: number;
  screenshots: boolean;
  chromium: string | undefined;
  headed: boolean;
  keep: boolean;
  list: boolean;
  help: boolean;
}

const QUICK_SECONDS = 15;
const USUAL_SECONDS = 60;
const LONG_SECONDS = 600;

/** @throws {Error} naming what is wrong */
export function readOptions(args: string[]): Options {
  const { values } = parse(args);
  if (values.quick && values.long) throw new Error('--quick or --long, not both');
  return {
    only: values.only ?? '',
    loadSeconds: values.quick ? QUICK_SECONDS : values.long ? LONG_SECONDS : USUAL_SECONDS,
    screenshots: values.screenshots ?? false,
    chromium: values.chromium,
    headed: values.headed ?? false,
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
        quick: { type: 'boolean' },
        long: { type: 'boolean' },
        screenshots: { type: 'boolean' },
        chromium: { type: 'string' },
        headed: { type: 'boolean' },
        keep: { type: 'boolean' },
        list: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new Error(`${messageOf(error)}\n\n${HELP}`, { cause: error });
  }
}
