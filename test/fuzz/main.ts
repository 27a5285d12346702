/** `npm run test:fuzz`: see options.ts for what it does and takes. */
import fc from 'fast-check';
import { z } from 'zod';
import { messageOf } from '../../core/errors.ts';
import type { Kind } from './kind.ts';
import { HELP, readOptions, type Options, type Replay } from './options.ts';
import { bytes, framesAfterHandshake, handshakes } from './raw.ts';
import { requests, type ApiDocument } from './requests.ts';
import { connectSlowClients } from './slow.ts';
import { buildStand, type Stand } from './stand.ts';

/** Inputs that come from one seed, so that a failure among them can be told and repeated. */
const BLOCK = 250;

/** Inputs under way at the same time. */
const LANES = 12;

/** After so many failures there is no need to look for more. */
const MAX_FAILURES = 5;

/** Share of the inputs after which memory is taken for what the service needs, and what it may grow by after that. */
const WARM_UP_SHARE = 0.5;
const MAX_GROWTH_MB = 20;

/** Slow clients of each sort. */
const SLOW_OF_EACH = 6;

/** A run of so many inputs takes long enough anyway to see whether slow clients are let go. */
const WAITS_FOR_SLOW = 10_000;

interface Block {
  kind: Kind;
  seed: number;
  size: number;
}

interface Failure extends Replay {
  problem: string;
  input: string;
}

const tell = (line: string) => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return (tell(HELP), 0);
  tell(`Seed ${options.seed}`);
  const stand = await buildStand();
  const interrupt = () => void stand.close().then(() => process.exit(130));
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const kinds = await kindsFor(stand, options);
    if (options.replay !== undefined) return await replay(options.replay, kinds, stand);
    return await run(options, kinds, stand);
  } finally {
    await stand.close();
  }
}

async function kindsFor({ port, credentials }: Stand, { only }: Options): Promise<Kind[]> {
  const document = (await (await fetch(`http://127.0.0.1:${port}/openapi.json`)).json()) as ApiDocument;
  const kinds = [
    requests(document, credentials),
    bytes(credentials),
    handshakes(credentials),
    framesAfterHandshake(credentials),
  ] as Kind[];
  const chosen = kinds.filter(({ name }) => only === undefined || name === only);
  if (chosen.length === 0)
    throw new Error(`There is no kind ${only}: there are ${kinds.map(({ name }) => name).join(', ')}`);
  return chosen;
}

async function run(options: Options, kinds: Kind[], stand: Stand): Promise<number> {
  const startedAt = performance.now();
  const blocks = plan(options, kinds);
  const failures: Failure[] = [];
  const problems: string[] = [];
  let passed = 0;
  const slow = connectSlowClients(stand, SLOW_OF_EACH);
  const seconds = () => (performance.now() - startedAt) / 1000;
  const progress = createProgress(
    () =>
      `${passed} of ${options.inputs} inputs, ${(passed / seconds()).toFixed(0)} a second, ${stand.memoryMb().toFixed(0)} MB, ${failures.length} failed`,
  );

  async function lane(until: number): Promise<void> {
    for (;;) {
      if (passed >= until || failures.length >= MAX_FAILURES || stand.ended !== undefined) return;
      const block = blocks.shift();
      if (block === undefined) return;
      const failure = await runBlock(block, stand, () => (passed += 1));
      if (failure !== undefined) failures.push(failure);
    }
  }
  const lanes = (until: number) => Promise.all(Array.from({ length: LANES }, () => lane(until)));

  await lanes(options.inputs * WARM_UP_SHARE);
  const memoryBefore = await stand.restingMemoryMb();
  await lanes(Infinity);
  const inputSeconds = seconds();
  const statuses = await statusesOf(stand).catch(() => new Map<string, number>());
  const memoryAfter = await stand.restingMemoryMb();
  progress.stop();

  problems.push(...[stand.ended].flatMap((how) => how ?? []));
  // Inputs that are all turned away at the door prove nothing about what is behind it.
  if (stand.ended === undefined && options.only === undefined && (statuses.get('200') ?? 0) < passed / 50)
    problems.push(
      `only ${statuses.get('200') ?? 0} of ${passed} inputs were snapshots, or batches of them, that were taken`,
    );
  if (stand.ended === undefined && memoryAfter - memoryBefore > MAX_GROWTH_MB)
    problems.push(`the API grew from ${memoryBefore.toFixed(0)} to ${memoryAfter.toFixed(0)} MB`);
  if (stand.ended === undefined) {
    problems.push(
      ...(await isWell(stand)),
      ...(await slow.close({ wait: options.inputs >= WAITS_FOR_SLOW })),
    );
    problems.push(...(await isWell(stand)), ...(await stand.workersProblems()));
  }
  problems.push(...(await stand.logProblems()).map((line) => `in the log: ${line}`));
  for (const failure of failures) await showMinimal(failure, kinds, stand);
  for (const problem of problems) tell(`FAIL  ${problem}`);
  if (failures.length + problems.length > 0)
    tell(`All of it again: npm run test:fuzz -- --seed ${options.seed} --inputs ${options.inputs}`);
  tell(
    `Seed ${options.seed}: ${(passed / inputSeconds).toFixed(0)} inputs a second for ${inputSeconds.toFixed(0)} s; memory of the API ${memoryBefore.toFixed(0)} MB after ${WARM_UP_SHARE * 100} %, ${memoryAfter.toFixed(0)} MB at the end; ${slow.count} slow clients beside`,
  );
  tell(
    `Answers to POST /ingest/metrics and /ingest/metrics/batch: ${[...statuses].map(([status, count]) => `${count} times ${status}`).join(', ')}`,
  );
  tell(`${passed} passed, ${failures.length + problems.length} failed`);
  return failures.length + problems.length === 0 && passed >= options.inputs ? 0 : 1;
}

/** Blocks of every kind in proportion to its weight, mixed, each with a seed of its own. */
function plan({ inputs, seed }: Options, kinds: Kind[]): Block[] {
  const total = kinds.reduce((sum, { weight }) => sum + weight, 0);
  const blocks: Block[] = [];
  const done = new Map<Kind, number>();
  for (let planned = 0; planned < inputs;) {
    const size = Math.min(BLOCK, inputs - planned);
    planned += size;
    const [kind] = [...kinds].sort((a, b) => behind(b) - behind(a));
    if (kind === undefined) break;
    blocks.push({ kind, seed: (seed * 100_003 + blocks.length) | 0, size });
    done.set(kind, (done.get(kind) ?? 0) + size);
    function behind(one: Kind): number {
      return (planned * one.weight) / total - (done.get(one) ?? 0);
    }
  }
  return blocks;
}

function propertyOf(kind: Kind, stand: Stand, onPassed: () => void) {
  return fc.asyncProperty(kind.inputs, async (input) => {
    const problem = await kind.send(input, stand).catch((error: unknown) => stand.ended ?? messageOf(error));
    if (problem !== undefined) throw new Error(stand.ended ?? problem);
    onPassed();
  });
}

async function runBlock(
  { kind, seed, size }: Block,
  stand: Stand,
  onPassed: () => void,
): Promise<Failure | undefined> {
  const result = await fc.check(propertyOf(kind, stand, onPassed), {
    seed,
    numRuns: size,
    endOnFailure: true,
  });
  if (!result.failed) return undefined;
  const [input] = result.counterexample ?? [];
  return {
    kind: kind.name,
    seed,
    path: result.counterexamplePath ?? '0',
    problem: messageOf(result.errorInstance),
    input: kind.show(input),
  };
}

/** Makes the input of a failure as small as it can be, alone with a service that is well, and shows it. */
async function showMinimal(failure: Failure, kinds: Kind[], stand: Stand): Promise<void> {
  const kind = kinds.find(({ name }) => name === failure.kind);
  if (kind === undefined) return;
  await stand.revive();
  const property = fc.asyncProperty(kind.inputs, async (input) => {
    await stand.revive();
    const problem = await kind.send(input, stand).catch((error: unknown) => messageOf(error));
    const ended = await endedSoon(stand);
    if (ended !== undefined || problem !== undefined) throw new Error(ended ?? problem);
  });
  const result = await fc.check(property, {
    seed: failure.seed,
    path: failure.path,
    numRuns: 1,
    interruptAfterTimeLimit: 30_000,
  });
  tell(`FAIL  ${failure.kind}: ${failure.problem}`);
  if (result.failed && result.counterexample !== null)
    tell(`      smallest: ${kind.show(result.counterexample[0])}`);
  else tell(`      only together with others: ${failure.input}`);
  tell(`      again: npm run test:fuzz -- --replay ${failure.kind}:${failure.seed}:${failure.path}`);
}

/** An input may end the process a moment after it was answered. */
async function endedSoon(stand: Stand): Promise<string | undefined> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return stand.ended;
}

async function replay({ kind: name, seed, path }: Replay, kinds: Kind[], stand: Stand): Promise<number> {
  const kind = kinds.find((one) => one.name === name);
  if (kind === undefined) throw new Error(`There is no kind ${name}`);
  let passed = 0;
  const result = await fc.check(
    propertyOf(kind, stand, () => (passed += 1)),
    { seed, path, numRuns: 1, endOnFailure: true },
  );
  if (result.counterexample !== null)
    tell(`FAIL  ${messageOf(result.errorInstance)}\n      ${kind.show(result.counterexample[0])}`);
  tell(`${passed} passed, ${result.failed ? 1 : 0} failed`);
  return result.failed ? 1 : 0;
}

/** How often each status was the answer to a snapshot or a batch of them, as the service itself counts them. */
async function statusesOf({ port, credentials }: Stand): Promise<Map<string, number>> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`, {
    headers: { Authorization: `Bearer ${credentials.viewer}` },
  });
  const line =
    /^topline_http_requests_total\{method="POST",route="\/ingest\/metrics(?:\/batch)?",status="(\d+)"\} (\d+)/gm;
  const statuses = new Map<string, number>();
  for (const [, status = '', count] of (await answer.text()).matchAll(line))
    statuses.set(status, (statuses.get(status) ?? 0) + Number(count));
  return new Map([...statuses].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const acceptedSchema = z.object({ status: z.literal('accepted') });

/** Whether the service still does its work for others. */
async function isWell({ port, credentials }: Stand): Promise<string[]> {
  const url = `http://127.0.0.1:${port}`;
  try {
    const taken = await fetch(`${url}/ingest/metrics`, {
      method: 'POST',
      headers: { 'X-Agent-Token': credentials.shared, 'Content-Type': 'application/json' },
      body: JSON.stringify({ timestamp: Math.floor(Date.now() / 1000), total_cpu_percent: 1 }),
      signal: AbortSignal.timeout(2_000),
    });
    acceptedSchema.parse(await taken.json());
    const health = await fetch(`${url}/health`, { signal: AbortSignal.timeout(3_000) });
    const { status } = (await health.json()) as { status: string };
    return status === 'ok' ? [] : [`afterwards /health says ${status}`];
  } catch (error) {
    return [`afterwards the service does not work: ${messageOf(error)}`];
  }
}

/** A line that is replaced on a terminal, and written every ten seconds elsewhere. */
function createProgress(text: () => string) {
  const terminal = process.stdout.isTTY;
  const show = () => void process.stdout.write(terminal ? `\r\u001b[K${text()}` : `${text()}\n`);
  const timer = setInterval(show, terminal ? 500 : 10_000);
  return {
    stop() {
      clearInterval(timer);
      if (terminal) process.stdout.write('\r\u001b[K');
    },
  };
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 2;
}
// Connections that are kept for the next request would keep the process.
process.exit();
