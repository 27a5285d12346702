import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';
import { messageOf } from '../../core/errors.ts';
import { findOnPath, isExecutable } from '../../scripts/embedded/onPath.ts';

const run = promisify(execFile);

const NAMES = ['chromium', 'google-chrome-stable', 'google-chrome', 'chromium-browser'];

/** A slow mirror has 200 MB to send. */
const INSTALL_MS = 300_000;

/** Nothing but the pages under test goes over the network. */
const FLAGS = [
  // As root there is no sandbox to be had; what is opened is our own.
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * The browser's program: the one that is named, else one on the PATH, else Debian's, installed with apt-get, for which
 * we must be root. Never one from elsewhere.
 *
 * @throws {Error} with the ways to get one
 */
export async function findChromium(named: string | undefined, log: (line: string) => void): Promise<string> {
  if (named !== undefined) {
    if (!(await isExecutable(named)))
      throw new Error(`--chromium ${named}: there is no program of that name`);
    return named;
  }
  const found = await onPath();
  if (found !== undefined) return found;
  const reason = await install(log);
  const installed = await onPath();
  if (installed !== undefined) return installed;
  throw new Error(
    [
      'No Chromium was found.',
      `  ${reason}`,
      'Any one of these helps:',
      '  Debian    sudo apt-get install chromium',
      '  elsewhere Chromium or Google Chrome, named: npm run test:browser -- --chromium FILE',
    ].join('\n'),
  );
}

async function onPath(): Promise<string | undefined> {
  for (const name of NAMES) {
    const file = await findOnPath(name);
    if (file !== undefined) return file;
  }
  return undefined;
}

/** @returns why it could not be done, for the message */
async function install(log: (line: string) => void): Promise<string> {
  if (process.getuid?.() !== 0) return 'It is installed by itself only where this runs as root.';
  if ((await findOnPath('apt-get')) === undefined) return 'There is no apt-get to install it with.';
  log('Chromium is not installed: installing it from the Debian packages');
  const env = { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
  const aptGet = (...args: string[]) => run('apt-get', ['-q', ...args], { env, timeout: INSTALL_MS });
  try {
    await aptGet('update');
    // With a font: without any, text is boxes, and its contrast nothing.
    await aptGet('install', '-y', '--no-install-recommends', 'chromium', 'fonts-dejavu-core');
    return 'It was installed, and is not on the PATH.';
  } catch (error) {
    return `Installing it failed: ${messageOf(error).trim()}`;
  }
}

/** Opens the browser, of which every flow gets a profile of its own. */
export function launch(executablePath: string, { headed }: { headed: boolean }): Promise<Browser> {
  return chromium.launch({ executablePath, args: FLAGS, headless: !headed });
}
