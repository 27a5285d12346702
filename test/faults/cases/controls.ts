import { access } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { onStand, type FaultCase } from '../case.ts';
import type { Stand, StandOptions } from '../stand.ts';
import { addsSentAgain, resendingStand } from './api.ts';
import { killAtOneJob, oneJobStand } from './sameJob.ts';

const ONE_OF_EACH: StandOptions = { apis: 1, workers: ['timeline,persist,alerts'] };

/** Lets snapshots come in while nobody works on them, so that Redis alone holds them, then kills it. */
async function killRedisWithWorkInIt(stand: Stand, loadMs: number): Promise<void> {
  const load = stand.startLoad();
  await load.untilAcknowledged(50);
  for (const worker of stand.workers) await worker.terminate();
  await delay(loadMs);
  await stand.redis.kill();
  await stand.redis.restart();
  for (const worker of stand.workers) worker.start();
}

const STRACE = '/usr/bin/strace';

/** Makes every fdatasync of Redis take 1.8 s, as a disk under load does. */
async function slowDownFsync(pid: number): Promise<() => void> {
  const tracer = spawn(
    STRACE,
    ['-f', '-p', String(pid), '-e', 'trace=fdatasync', '-e', 'inject=fdatasync:delay_enter=1800000'],
    { stdio: 'ignore' },
  );
  await delay(500);
  if (tracer.exitCode !== null) throw new Error('strace cannot attach to Redis');
  return () => void tracer.kill('SIGTERM');
}

/** Protections switched off one by one: each run must find what it protects from, or the harness proves nothing. */
export const controls: FaultCase[] = [
  {
    row: 'control-key',
    name: 'a table without its unique key',
    mustFind: /PostgreSQL: .*\b[1-9]\d* doubled/,
    run: (context) =>
      onStand(context, ONE_OF_EACH, async (stand) => {
        const client = new pg.Client({ connectionString: stand.dsn });
        await client.connect();
        await client.query(
          'ALTER TABLE metrics_snapshots_packed DROP CONSTRAINT metrics_snapshots_packed_pkey',
        );
        await client.end();
        await stand.startLoad({ copies: [2, 3] }).untilAcknowledged(200);
      }),
  },
  {
    row: 'control-ids',
    name: 'generated job ids while replies are swallowed and adds sent again',
    mustFind: /doubled work/,
    run: (context) =>
      onStand(context, resendingStand('resend,generated-ids'), (stand) => addsSentAgain(context, stand)),
  },
  {
    row: 'control-stalled',
    name: 'maxStalledCount 1 while the worker of a job is killed again and again',
    mustFind: /[1-9]\d* failed jobs|PostgreSQL: [1-9]\d* lost/,
    run(context) {
      let failpoints = 'persist.begin=kill@1,stalled-once';
      const options = { ...oneJobStand(''), worker: { chooseFailpoints: () => failpoints } };
      return onStand(context, options, async (stand) => {
        await killAtOneJob(context, stand, 2);
        failpoints = 'stalled-once';
      });
    },
  },
  {
    row: 'control-answer',
    name: 'an API that answers before the queues have the batch, killed in between',
    mustFind: /PostgreSQL: [1-9]\d* lost/,
    run: (context) =>
      onStand(
        context,
        // Without a limit, whose count would wait for Redis before anything is answered.
        { ...ONE_OF_EACH, api: { failpoints: 'answer-first' }, env: { AGENT_RATE_LIMIT_PER_MINUTE: '0' } },
        async (stand) => {
          const load = stand.startLoad({ perSecond: 300 });
          await load.untilAcknowledged(100);
          for (let round = 0; round < 8; round += 1) {
            stand.redisProxy.freeze();
            await delay(300);
            stand.apis[0]?.kill();
            // What it had sent would still arrive otherwise.
            stand.redisProxy.drop();
            stand.redisProxy.restore();
            await stand.untilReady();
          }
        },
      ),
  },
  {
    row: 'control-aof',
    name: 'a Redis that keeps nothing, killed with work in it',
    mustFind: /PostgreSQL: [1-9]\d* lost/,
    run: (context) =>
      onStand(context, { ...ONE_OF_EACH, appendFsync: 'off' }, (stand) =>
        killRedisWithWorkInIt(stand, 1_000),
      ),
  },
  {
    row: 'control-fsync',
    name: 'appendfsync everysec on a slow disk, Redis killed with work in it',
    mustFind: /PostgreSQL: [1-9]\d* lost/,
    skip: () =>
      access(STRACE).then(
        () => undefined,
        () => 'strace, which slows the disk down, is not installed',
      ),
    run: (context) =>
      onStand(context, { ...ONE_OF_EACH, appendFsync: 'everysec' }, async (stand) => {
        const release = await slowDownFsync(stand.redis.pid);
        try {
          await killRedisWithWorkInIt(stand, 5_000);
        } finally {
          release();
        }
      }),
  },
];
