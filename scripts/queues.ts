import { parseArgs } from 'node:util';
import { loadConfig } from '../core/config.ts';
import { QUEUE_NAMES, type QueueName } from '../core/contracts/queues.ts';
import { ConfigError, messageOf, StartError } from '../core/errors.ts';
import { withTimeout } from '../core/withTimeout.ts';
import { createLogger } from '../core/platform/logger.ts';
import { oldestJobMs, openQueue, type Queue } from '../core/platform/queue.ts';
import { openRedis } from '../core/platform/redis.ts';

const HELP = `Looks at the queues, and tries again what failed.

  npm run queues -- status              jobs by queue and state, and how long the oldest waits
  npm run queues -- failed [QUEUE]      the failed jobs, each with its reason
  npm run queues -- redrive [QUEUE]     tries the failed jobs again, all of them or one queue's
  npm run queues -- redrive QUEUE --id JOB

QUEUE is one of ${QUEUE_NAMES.join(', ')}. Redis is the one of the environment (REDIS_URL, or REDIS_HOST, REDIS_PORT, REDIS_DB; REDIS_SENTINELS).
A job that cannot be done fails again, with its reason, and stays.
`;

/** How long Redis may take to be there. */
const CONNECT_MS = 5_000;

/** Failed jobs read at a time: a batch can be a megabyte. */
const PAGE = 50;

interface Command {
  verb: 'status' | 'failed' | 'redrive';
  queues: QueueName[];
  id: string | undefined;
}

/** @throws {StartError} naming what is wrong and what there is */
function readCommand(args: string[]): Command | undefined {
  const { values, positionals } = parse(args);
  const [verb, name, ...rest] = positionals;
  if (values.help) return undefined;
  if (verb !== 'status' && verb !== 'failed' && verb !== 'redrive') {
    throw new StartError(
      `${verb === undefined ? 'Nothing to do' : `There is no command ${verb}`}.\n\n${HELP}`,
    );
  }
  const queue = QUEUE_NAMES.find((known) => known === name);
  if (name !== undefined && queue === undefined)
    throw new StartError(`There is no queue ${name}: there are ${QUEUE_NAMES.join(', ')}`);
  if (rest.length > 0) throw new StartError(`Too many words: ${rest.join(' ')}\n\n${HELP}`);
  if (values.id !== undefined && (verb !== 'redrive' || queue === undefined)) {
    throw new StartError('--id goes with redrive QUEUE');
  }
  return { verb, queues: queue === undefined ? QUEUE_NAMES : [queue], id: values.id };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { id: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    throw new StartError(`${messageOf(error)}\n\n${HELP}`);
  }
}

async function main(): Promise<void> {
  const command = readCommand(process.argv.slice(2));
  if (command === undefined) return void process.stdout.write(HELP);
  const config = loadConfig(process.env);
  const connection = openRedis(
    config.redis,
    'worker',
    'queues command',
    createLogger({ level: 'silent', name: 'queues' }),
  );
  try {
    await reachable(connection.handle);
    for (const name of command.queues) {
      const queue = openQueue(name, connection.handle);
      if (command.verb === 'status') await showStatus(queue, await oldestJobMs(queue, connection.handle));
      if (command.verb === 'failed') await showFailed(queue);
      if (command.verb === 'redrive') await redrive(queue, command.id);
    }
  } finally {
    await connection.close();
  }
}

async function reachable(redis: { ping(): Promise<string> }): Promise<void> {
  await withTimeout(
    CONNECT_MS,
    () => redis.ping(),
    () => {
      throw new StartError(
        'Redis is out of reach: check REDIS_URL, or REDIS_HOST and REDIS_PORT, or REDIS_SENTINELS',
      );
    },
  );
}

async function showStatus(queue: Queue, oldestMs: number | undefined): Promise<void> {
  const {
    waiting = 0,
    prioritized = 0,
    active = 0,
    delayed = 0,
    failed = 0,
  } = await queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'failed');
  const age =
    oldestMs === undefined ? '' : `, the oldest for ${Math.round((Date.now() - oldestMs) / 1000)} s`;
  tell(
    `${queue.name.padEnd(10)} ${waiting + prioritized} waiting, ${active} active, ${delayed} delayed, ${failed} failed${age}`,
  );
}

async function showFailed(queue: Queue): Promise<void> {
  for (let start = 0; ; start += PAGE) {
    const jobs = await queue.getFailed(start, start + PAGE - 1);
    for (const job of jobs) {
      tell(
        `${queue.name} ${job.id ?? '?'} (${new Date(job.finishedOn ?? job.timestamp).toISOString()}): ${job.failedReason}`,
      );
    }
    if (jobs.length < PAGE) return;
  }
}

/** A job that fails again goes back into the failed set: only those of before are tried, each once. */
async function redrive(queue: Queue, id: string | undefined): Promise<void> {
  const ids = id === undefined ? await failedIds(queue) : [id];
  let redriven = 0;
  for (const jobId of ids) {
    const job = await queue.getJob(jobId);
    if (job === undefined || !(await job.isFailed())) {
      if (id !== undefined)
        throw new StartError(`The queue ${queue.name} has no failed job ${id}: see "failed ${queue.name}"`);
      continue;
    }
    await job.retry('failed', { resetAttemptsMade: true });
    redriven += 1;
  }
  tell(`${queue.name.padEnd(10)} ${redriven} tried again`);
}

async function failedIds(queue: Queue): Promise<string[]> {
  const ids: string[] = [];
  for (let start = 0; ; start += PAGE) {
    const jobs = await queue.getFailed(start, start + PAGE - 1);
    ids.push(...jobs.flatMap((job) => job.id ?? []));
    if (jobs.length < PAGE) return ids;
  }
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  await main();
} catch (error) {
  const expected = error instanceof StartError || error instanceof ConfigError;
  process.stderr.write(`${expected ? error.message : ((error as Error).stack ?? messageOf(error))}\n`);
  process.exitCode = expected ? 2 : 1;
}
