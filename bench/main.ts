/** `npm run bench`: see docs/performance.md. */
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { measureSync } from './disk.ts';
import { DATASET_DIRECTORY } from './history/dataset.ts';
import { seedHistory } from './history/seedHistory.ts';
import { HELP, readOptions, type Options } from './options.ts';
import { writeReport } from './report/files.ts';
import { describeScenario } from './report/print.ts';
import { describeProfiles } from './report/profile.ts';
import { createProgress, type Progress } from '../scripts/progress.ts';
import type { ScenarioResult } from './results.ts';
import type { Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios/index.ts';
import type { Ground } from './service.ts';
import { openStores } from './stores.ts';

const SNAPSHOTS_FILE = 'test/fixtures/agent-snapshots.ndjson';

function chosen(only: readonly string[]): Scenario[] {
  const unknown = only.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown.length > 0)
    throw new Error(`There is no scenario ${unknown.join(', ')}: --list shows what there is`);
  return SCENARIOS.filter(({ name }) => only.length === 0 || only.includes(name));
}

/** Subjects take turns, so that what the machine does meanwhile meets all of them alike. */
async function runScenario(
  scenario: Scenario,
  ground: Ground,
  options: Options,
  progress: Progress,
): Promise<ScenarioResult> {
  const { name, title, unit, thing, controls } = scenario;
  const skipped: string[] = [];
  let subjects = scenario
    .subjects(options)
    .map((subject) => ({ subject, runs: [] as ScenarioResult['subjects'][number]['runs'] }));
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const { subject, runs } of subjects) {
      const where = `${name}, round ${round} of ${options.rounds}, ${subject.name}`;
      const outcome = await subject.measure({
        ground,
        options,
        snapshotsFile: SNAPSHOTS_FILE,
        progress: (text) => progress.show(`${where}: ${text}`),
      });
      if ('skipped' in outcome) skipped.push(`${subject.name} skipped: ${outcome.skipped}`);
      else runs.push(outcome);
    }
    subjects = subjects.filter(({ runs }) => runs.length > 0);
  }
  return {
    scenario: name,
    title,
    unit,
    thing,
    controls,
    subjects: subjects.map(({ subject, runs }) => ({ subject: subject.name, runs })),
    skipped,
  };
}

/** All that was started ends with this process; only the files would stay. */
function removeWhenInterrupted(directory: string): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      rmSync(directory, { recursive: true, force: true });
      process.exit(130);
    });
  }
}

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  const options = readOptions(args);
  const progress = createProgress();
  if (options.help) return (progress.line(HELP), 0);
  if (options.list) {
    for (const { name, title } of SCENARIOS) progress.line(`${name.padEnd(10)} ${title}`);
    return 0;
  }
  if (process.platform !== 'linux')
    throw new Error('The benchmark needs Linux: it reads CPU time from /proc');
  if (options.command === 'seed-history') {
    const { rows, bytes } = await seedHistory({
      ...options,
      stepSeconds: 60,
      snapshotsFile: SNAPSHOTS_FILE,
      progress: progress.show,
    });
    progress.line(
      `${rows.toLocaleString('en-US')} rows in ${DATASET_DIRECTORY}, ${(bytes / 1e9).toFixed(1)} GB`,
    );
    return 0;
  }
  const scenarios = chosen(options.only);
  const startedAt = new Date().toISOString();
  const directory = await mkdtemp(join(tmpdir(), 'topline-bench-'));
  removeWhenInterrupted(directory);
  const stores = await openStores(directory, progress.line);
  const profileTo = join(options.results, 'profiles');
  const machine = {
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? '',
    kernel: release(),
    node: process.versions.node,
    redis: stores.redisVersion,
    'sync ms': Number(measureSync(directory).toFixed(2)),
  };
  progress.line(
    Object.entries(machine)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  );
  const results: ScenarioResult[] = [];
  let failures = 0;
  try {
    const ground = { directory, stores, profile: { roles: options.profile, directory: profileTo } };
    for (const scenario of scenarios) {
      try {
        const result = await runScenario(scenario, ground, options, progress);
        results.push(result);
        progress.line(`\n${describeScenario(result)}`);
      } catch (error) {
        failures += 1;
        progress.line(`\n${scenario.name} failed: ${messageOf(error)}`);
      }
    }
    progress.line(`\nA small write takes ${measureSync(directory).toFixed(2)} ms to be on disk now`);
  } finally {
    await stores.close();
  }
  const files = await writeReport(options.results, {
    startedAt,
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
    machine,
    scenarios: results,
  });
  progress.line(`\nFigures in ${files.join(' and ')}`);
  if (options.profile.length > 0)
    progress.line(`\nCPU profiles:\n${await describeProfiles(profileTo, Date.parse(startedAt))}`);
  if (failures === 0 && !options.keep) await rm(directory, { recursive: true, force: true });
  else progress.line(`Logs are kept in ${directory}`);
  return failures === 0 ? 0 : 1;
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  return 2;
});
