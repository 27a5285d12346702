import { startAgent } from './agent.ts';
import { HELP } from './help.ts';
import { createLog } from './log.ts';
import { parseArguments, type AgentOptions } from './options.ts';
import { createSampler } from './chooseSampler.ts';
import type { Sampler } from './sampler.ts';
import { sleep } from './sleep.ts';

const log = createLog((text) => process.stderr.write(text), Date.now);

/** Within this, a second Ctrl-C is the first one, told by the terminal and by npm. */
const SAME_CTRL_C_MS = 500;

/** Whoever read the output has gone (a closed terminal, `| head`): that is no reason to stop measuring. */
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

async function printOne(sampler: Sampler, { intervalMs }: AgentOptions): Promise<void> {
  await sampler.open();
  await sleep(intervalMs, new AbortController().signal);
  const snapshot = await sampler.sample(Math.floor(Date.now() / 1000));
  process.stdout.write(`${JSON.stringify(snapshot, undefined, 2)}\n`);
}

async function runUntilStopped(sampler: Sampler, options: AgentOptions): Promise<void> {
  let stoppingBecause: string | undefined;
  let stoppingSince = -Infinity;

  async function stop(reason: string): Promise<void> {
    // Ctrl-C twice means now. A SIGTERM behind the terminal's SIGINT, or the parent going away while it stops its
    // children, is the same wish told twice.
    // Nor is it twice where npm passes the terminal's on.
    const isPassedOn = reason === 'SIGINT' && performance.now() - stoppingSince < SAME_CTRL_C_MS;
    if (reason === stoppingBecause && !isPassedOn) process.exit(1);
    if (stoppingBecause !== undefined) return;
    stoppingBecause = reason;
    stoppingSince = performance.now();
    const agent = await starting;
    await agent.stop(reason);
    process.exit(0);
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
  // Started as a child (by `npm start` or a process manager): without the parent nobody would ever stop it.
  if (process.connected) process.on('disconnect', () => void stop('the parent process is gone'));
  // Behind the handlers: what it does first takes a while, and a signal then would end it without them.
  const starting = startAgent(options, sampler, log);
  await starting;
}

async function main(): Promise<void> {
  const parsed = parseArguments(process.argv.slice(2), process.env);
  if (parsed.kind === 'help') {
    process.stdout.write(HELP);
    return;
  }
  if (parsed.kind === 'faults') {
    process.stderr.write(
      `The agent cannot start:\n${parsed.faults.map((fault) => `  - ${fault}\n`).join('')}`,
    );
    process.stderr.write('All options: npm run agent -- --help\n');
    process.exitCode = 2;
    return;
  }
  const sampler = await createSampler();
  await (parsed.kind === 'once'
    ? printOne(sampler, parsed.options)
    : runUntilStopped(sampler, parsed.options));
}

try {
  await main();
} catch (error) {
  log(`the agent cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
