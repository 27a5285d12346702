// `npm run import`: hands in the snapshots of a file.
import { messageOf, StartError } from '../core/errors.ts';
import { createBatchClient, HandInError } from './batchClient.ts';
import { HELP, readImportOptions, type ImportOptions } from './importOptions.ts';
import { createProgress } from './progress.ts';
import { openSnapshotFile, type SnapshotFile } from './snapshotFile.ts';
import {
  BadLineError,
  createAccount,
  importSnapshots,
  isFaultOfFile,
  type Account,
} from './snapshotImport.ts';

/** Bad lines that are told one by one. */
const MOST_TOLD = 20;

const BAR_WIDTH = 24;

async function main(): Promise<number> {
  const options = readImportOptions(process.argv.slice(2), process.env);
  if (options === undefined) {
    process.stdout.write(HELP);
    return 0;
  }
  return run(options, await openSnapshotFile(options.file));
}

/** @returns the exit code */
async function run(options: ImportOptions, file: SnapshotFile): Promise<number> {
  const progress = createProgress();
  const account = createAccount();
  const interrupted = new AbortController();
  const startedMs = performance.now();
  let told = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => interrupted.abort(new Error(`interrupted (${signal})`)));

  const client = createBatchClient({
    ...options,
    signal: interrupted.signal,
    onWait: (reason, ms) => {
      if (ms > 2_000) progress.show(`waiting ${Math.ceil(ms / 1000)} s: ${reason}`);
    },
  });
  let fault: unknown;
  try {
    await importSnapshots(
      {
        lines: file.lines(),
        agentId: options.agentId,
        handIn: options.dryRun ? undefined : client,
        strict: options.strict,
        onBad: (number, reason) => {
          told += 1;
          if (told <= MOST_TOLD) progress.line(`line ${number}: ${reason}`);
          if (told === MOST_TOLD + 1) progress.line('further such lines are only counted');
        },
        onProgress: () => progress.show(describeProgress(account, file, performance.now() - startedMs)),
      },
      account,
    );
  } catch (error) {
    fault = error;
  }
  progress.line(summary(account, options, performance.now() - startedMs));
  if (interrupted.signal.aborted)
    return end('Interrupted. Run it again to go on: nothing is stored twice.', 130);
  if (fault === undefined) return account.damaged + account.refused > 0 ? 1 : 0;
  if (fault instanceof HandInError || fault instanceof BadLineError) return end(fault.message, 1);
  if (isFaultOfFile(fault))
    return end(`${options.file} cannot be read to its end (${messageOf(fault)}): is it cut off?`, 1);
  throw fault;
}

function describeProgress(
  { snapshots }: Account,
  { readBytes, totalBytes }: SnapshotFile,
  elapsedMs: number,
): string {
  const count = `${group(snapshots)} snapshots, ${group(Math.round((snapshots / elapsedMs) * 1000))}/s`;
  if (totalBytes === undefined || totalBytes === 0) return count;
  const share = Math.min(readBytes / totalBytes, 1);
  const full = Math.round(share * BAR_WIDTH);
  const left = share > 0 ? (elapsedMs / share - elapsedMs) / 1000 : 0;
  return `[${'#'.repeat(full)}${'-'.repeat(BAR_WIDTH - full)}] ${Math.floor(share * 100)} %  ${count}, ${Math.ceil(left)} s left`;
}

function summary(account: Account, { dryRun }: ImportOptions, elapsedMs: number): string {
  const { lines, snapshots, agents, oldest, newest, damaged, refused, expired } = account;
  const range = agents.size === 0 ? '' : `, of ${timeOf(oldest)} to ${timeOf(newest)}`;
  const text = [
    `${group(snapshots)} snapshots of ${count(agents.size, 'agent')} ${dryRun ? 'could be handed in' : 'handed in'}${range}.`,
    `${count(lines, 'line')} read in ${(elapsedMs / 1000).toFixed(1)} s: ${group(damaged)} are no snapshots, ${group(refused)} were refused.`,
  ];
  if (expired > 0)
    text.push(
      `${group(expired)} are older than what the server keeps (POSTGRES_RETENTION_DAYS), and are not stored.`,
    );
  return text.join('\n');
}

function count(number: number, what: string): string {
  return `${group(number)} ${what}${number === 1 ? '' : 's'}`;
}

function group(number: number): string {
  return number.toLocaleString('en-US');
}

function timeOf(epochSeconds: number): string {
  const date = new Date(epochSeconds * 1000);
  return Number.isNaN(date.getTime()) ? String(epochSeconds) : date.toISOString().replace('.000Z', 'Z');
}

/** Says why it ends, on stderr. */
function end(message: string, code: number): number {
  process.stderr.write(`${message}\n`);
  return code;
}

try {
  process.exitCode = await main();
} catch (error) {
  const expected = error instanceof StartError;
  process.stderr.write(`${expected ? error.message : ((error as Error).stack ?? messageOf(error))}\n`);
  process.exitCode = expected ? 2 : 1;
}
// Standard input may have more, and keep the process.
process.stdin.destroy();
