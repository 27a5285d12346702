/** `npm run test:browser`: see options.ts for what it does and takes. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { findRedisServer } from '../../scripts/embedded/embeddedRedis.ts';
import { createProgress } from '../../scripts/progress.ts';
import type { Ground } from '../faults/stand.ts';
import { startPostgres } from '../faults/stores.ts';
import { findChromium, launch } from './chromium.ts';
import { OUTPUT, runFlow, type Group, type Outcome } from './flow.ts';
import { GROUPS } from './flows/index.ts';
import { HELP, readOptions, type Options } from './options.ts';
import { takePictures } from './pictures.ts';
import { openService } from './service.ts';

const progress = createProgress();

/** The groups with the flows that are meant. @throws {Error} where that is none */
function chosen({ only, screenshots }: Options): Group[] {
  if (screenshots)
    return GROUPS.filter(({ places }) => places !== undefined).map((group) => ({ ...group, flows: [] }));
  const text = only.toLowerCase();
  const groups = GROUPS.map((group) => ({
    ...group,
    flows: group.flows.filter(({ name }) => `${group.name} ${name}`.toLowerCase().includes(text)),
  })).filter(({ flows }) => flows.length > 0);
  if (groups.length === 0) throw new Error(`No flow has "${only}" in its name: --list shows what there is`);
  return groups;
}

async function runAll(groups: Group[], options: Options, ground: Ground): Promise<Outcome[]> {
  const browser = await launch(await findChromium(options.chromium, progress.line), options);
  const outcomes: Outcome[] = [];
  // Whatever is under way fails for want of a browser, and everything is released as ever.
  let interrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      interrupted = true;
      void browser.close();
    });
  try {
    progress.line(`Chromium ${browser.version()}`);
    for (const group of groups) {
      if (interrupted) break;
      progress.line(group.name);
      const service = await openService(ground, group.env);
      let end: (() => Promise<void>) | undefined;
      try {
        end = await group.prepare?.(service, options.screenshots);
        if (options.screenshots)
          for (const file of await takePictures(group, service, browser)) progress.line(`  ${file}`);
        for (const flow of group.flows) {
          if (interrupted) break;
          const outcome = await runFlow(group, flow, {
            service,
            browser,
            loadSeconds: options.loadSeconds,
            progress: (text) => progress.show(`${flow.name}: ${text}`),
          });
          outcomes.push(outcome);
          tell(outcome);
        }
      } finally {
        await end?.();
        await service.close();
      }
    }
  } finally {
    await browser.close();
  }
  return outcomes;
}

function tell({ flow, seconds, problems, notes, figures }: Outcome): void {
  progress.line(`  ${problems.length === 0 ? 'ok  ' : 'FAIL'}  ${flow} (${seconds.toFixed(1)} s)`);
  for (const [name, { value, unit }] of Object.entries(figures))
    progress.line(
      `          ${name}: ${value.toLocaleString('en-US', { maximumFractionDigits: 1 })} ${unit}`,
    );
  for (const note of notes) progress.line(`          note: ${note}`);
  for (const problem of problems) progress.line(`        ${problem.replaceAll('\n', '\n        ')}`);
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return (progress.line(HELP), 0);
  const groups = chosen(options);
  if (options.list) {
    for (const { name, flows } of groups)
      progress.line([name, ...flows.map((flow) => `  ${flow.name}`)].join('\n'));
    return 0;
  }
  await rm(join(OUTPUT, 'failures'), { recursive: true, force: true });
  await mkdir(OUTPUT, { recursive: true });
  const directory = await mkdtemp(join(tmpdir(), 'topline-browser-'));
  // Where this runs as root, PostgreSQL runs as somebody else, who must be able to get in.
  await chmod(directory, 0o755);
  const began = performance.now();
  const redisServer = await findRedisServer({ cacheDir: resolve('.topline/cache'), log: progress.line });
  const postgres = await startPostgres(directory);
  let failed = true;
  try {
    const outcomes = await runAll(groups, options, { directory, redisServer, postgres, seed: 1 });
    const faulty = outcomes.filter(({ problems }) => problems.length > 0);
    failed = faulty.length > 0 || outcomes.length < groups.flatMap(({ flows }) => flows).length;
    await writeFile(join(OUTPUT, 'figures.json'), `${JSON.stringify(outcomes, null, 2)}\n`);
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    progress.line(
      `${outcomes.length - faulty.length} passed, ${faulty.length} failed, in ${seconds} s; figures in ${OUTPUT}/figures.json`,
    );
    if (failed) progress.line(`What the pages showed: ${OUTPUT}/failures; logs: ${directory}`);
  } finally {
    await postgres.close();
    if (!failed && !options.keep) await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  }
  return failed ? 1 : 0;
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  return 2;
});
