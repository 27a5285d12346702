/** `npm run test:faults`: see README.md beside this file. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { findRedisServer } from '../../scripts/embedded/embeddedRedis.ts';
import type { FaultCase } from './case.ts';
import { CASES } from './cases/index.ts';
import { HELP, readOptions, type Options } from './options.ts';
import { createRandom } from './random.ts';
import { describe, summary, table, writeReport, type Outcome } from './report.ts';
import { createProgress, type Progress } from '../../scripts/progress.ts';
import type { Ground } from './stand.ts';
import { startPostgres } from './stores.ts';

function chosen(only: readonly string[]): FaultCase[] {
  const isMeant = (fault: FaultCase, name: string) =>
    fault.row === name || (name === 'controls' && fault.mustFind !== undefined);
  const unknown = only.filter((name) => !CASES.some((fault) => isMeant(fault, name)));
  if (unknown.length > 0)
    throw new Error(`There is no row ${unknown.join(', ')}: --list shows what there is`);
  return CASES.filter((fault) => only.length === 0 || only.some((name) => isMeant(fault, name)));
}

async function runCase(
  fault: FaultCase,
  ground: Ground,
  options: Options,
  progress: Progress,
): Promise<Outcome> {
  const { row, name, mustFind } = fault;
  const began = performance.now();
  const outcome = (kind: Outcome['outcome'], notes: string[], figures: Outcome['figures'] = {}): Outcome => ({
    row,
    name,
    outcome: kind,
    seconds: (performance.now() - began) / 1000,
    notes,
    figures,
  });
  const reason = await fault.skip?.();
  if (reason !== undefined) return outcome('skipped', [reason]);
  const { problems, figures } = await fault.run({
    ground,
    // Each case for itself: the same with and without the others.
    random: createRandom(ground.seed + CASES.indexOf(fault)),
    kills: options.kills,
    perSecond: options.rate,
    quick: options.quick,
    progress: (text) =>
      progress.show(`${row}: ${text} (${((performance.now() - began) / 1000).toFixed(0)} s)`),
  });
  if (mustFind === undefined) return outcome(problems.length === 0 ? 'passed' : 'failed', problems, figures);
  const found = problems.some((problem) => mustFind.test(problem));
  return found
    ? outcome(
        'passed',
        problems.map((problem) => `found, as it must be: ${problem}`),
        figures,
      )
    : outcome('failed', [`stayed green: nothing like ${mustFind} was found`, ...problems], figures);
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  const progress = createProgress();
  if (options.help) return (progress.line(HELP), 0);
  if (options.list) {
    for (const { row, name } of CASES) progress.line(`${row.padEnd(16)} ${name}`);
    return 0;
  }
  const cases = chosen(options.only);
  const startedAt = new Date();
  const directory = await mkdtemp(join(tmpdir(), 'topline-faults-'));
  await chmod(directory, 0o755);
  const seeds = Array.from({ length: options.repeat }, (_, round) => options.seed + round);
  progress.line(
    `Seed ${options.seed}${seeds.length > 1 ? ` to ${seeds.at(-1)}` : ''}, ${cases.length} cases, files in ${directory}`,
  );
  const redisServer = await findRedisServer({ cacheDir: resolve('.topline/cache'), log: progress.line });
  const postgres = await startPostgres(directory);
  const outcomes: Outcome[] = [];
  const secondsSoFar = () => (Date.now() - startedAt.getTime()) / 1000;
  const report = () =>
    writeReport(options.report, {
      seed: options.seed,
      startedAt: startedAt.toISOString(),
      seconds: secondsSoFar(),
      outcomes,
    });
  try {
    for (const seed of seeds)
      for (const fault of cases) {
        const outcome = await runCase(fault, { directory, redisServer, postgres, seed }, options, progress);
        outcomes.push(outcome);
        progress.line(describe(outcome));
        // A long run that is cut short has still shown what it has shown.
        await report();
      }
  } finally {
    await postgres.close();
  }
  const failed = outcomes.some(({ outcome }) => outcome === 'failed');
  if (!failed && !options.keep) await rm(directory, { recursive: true, force: true });
  else progress.line(`Logs and ledgers are kept in ${directory}`);
  progress.line(
    `\n${table(outcomes)}\n\n${secondsSoFar().toFixed(0)} s, seed ${options.seed}, report in ${options.report}`,
  );
  progress.line(summary(outcomes));
  return failed ? 1 : 0;
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  return 2;
});
