import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { isAlive } from '../../../scripts/embedded/otherProcess.ts';
import { onStand, type CaseContext, type FaultCase, type Findings } from '../case.ts';
import { mountSmallDisk, reasonWithoutDisk, type SmallDisk } from '../disk.ts';
import type { Stand } from '../stand.ts';
import { startPostgres, type BreakablePostgres } from '../stores.ts';
import { connectTo, judgeMeanwhile } from './postgres.ts';

/** Room for a new cluster (some 70 MB with its first segments of the log) and for what is stored meanwhile. */
const POSTGRES_MB = 256;

/** What an INSERT fails with where there is no room (SQLSTATE, class 53: insufficient resources). */
const DISK_FULL = '53100';

/** Stores what does not compress until there is no room for more. Resolves to the state it ended with. */
async function insertUntilFull(sql: pg.Client): Promise<string | undefined> {
  for (let rows = 0; rows < 100; rows += 1) {
    try {
      await sql.query('INSERT INTO filler VALUES ($1)', [randomBytes(1 << 20)]);
    } catch (error) {
      return (error as { code?: string }).code;
    }
  }
  return undefined;
}

/** Wants new segments of the log, until PostgreSQL cannot go on: without its log it stops at once (PANIC). */
async function useUpTheLog(sql: pg.Client): Promise<void> {
  const megabyte = "SELECT pg_logical_emit_message(true, 'faults', repeat('x', 1000000))";
  for (let segment = 0; segment < 20; segment += 1) {
    const went = await sql.query(`${megabyte}; SELECT pg_switch_wal()`).catch(() => undefined);
    if (went === undefined) return;
  }
}

/** Jobs that have used up an attempt: a full disk is nobody's data error. */
async function attemptsUsed({ queues }: Stand): Promise<number> {
  const jobs = await Promise.all(
    queues.map((queue) => queue.getJobs(['waiting', 'prioritized', 'delayed', 'active'])),
  );
  return jobs.flat().filter((job) => job.attemptsMade > 0).length;
}

async function fillPostgres(
  context: CaseContext,
  stand: Stand,
  disk: SmallDisk,
  { problems, figures }: Findings,
): Promise<void> {
  const load = stand.startLoad({ perSecond: 80 });
  await load.untilAcknowledged(50);
  load.phase('before');
  await delay(context.quick ? 3_000 : 20_000);
  const sql = await connectTo(stand);
  await sql.query('CREATE TABLE filler (content bytea)');
  disk.fill();
  const state = await insertUntilFull(sql);
  figures['full with'] = String(state);
  if (state !== DISK_FULL) problems.push(`with a full disk an INSERT failed with ${state}, not ${DISK_FULL}`);
  load.phase('full');
  const seconds = context.quick ? 8 : 60;
  for (let second = 0; second < seconds; second += 1) {
    context.progress(`no room for ${second} of ${seconds} s, ${load.tally.acknowledged} acknowledged`);
    if (second === Math.floor(seconds / 2)) await useUpTheLog(sql);
    await delay(1_000);
  }
  const waiting = (await stand.queues.find(({ name }) => name === 'persist')?.getDelayedCount()) ?? 0;
  figures['put back'] = waiting;
  if (waiting === 0) problems.push('no job waited for room: the disk was not full for the workers');
  const used = await attemptsUsed(stand);
  if (used > 0) problems.push(`${used} jobs have used up attempts while there was no room`);
  load.phase('after');
  load.setRate(0);
  const roomAt = performance.now();
  disk.makeRoom();
  // Where the log of PostgreSQL itself had no room, the server ends; whoever runs it starts it again.
  const survived = isAlive(stand.postgres.pid);
  figures['PostgreSQL survived'] = survived ? 'yes' : 'no';
  if (!survived) await stand.postgres.restart();
  await stand.untilDrained(2 * seconds * 1_000);
  figures['drained s'] = ((performance.now() - roomAt) / 1_000).toFixed(1);
  await sql.end().catch(() => undefined);
  load.setRate(80);
  await load.untilAcknowledged(load.tally.acknowledged + 100);
  await load.finish();
  problems.push(...(await judgeMeanwhile(load, 'full')));
}

export const postgresFull: FaultCase = {
  row: '8',
  name: 'no room left on the disk of PostgreSQL',
  skip: reasonWithoutDisk,
  async run(context) {
    const disk = mountSmallDisk(POSTGRES_MB);
    let postgres: BreakablePostgres | undefined;
    try {
      postgres = await startPostgres(disk.directory);
      const ground = { ...context.ground, postgres };
      return await onStand({ ...context, ground }, { apis: 1 }, (stand, findings) =>
        fillPostgres(context, stand, disk, findings),
      );
    } finally {
      disk.makeRoom();
      await postgres?.close();
      disk.close();
    }
  },
};

const REDIS_MB = 64;

/**
 * With `everysec` Redis refuses to write (MISCONF) and goes on by itself when there is room. With `always` it cannot
 * take back what it has done and not written, so it ends, and cannot be started again before there is room.
 */
async function fillRedis(
  context: CaseContext,
  stand: Stand,
  disk: SmallDisk,
  { problems, figures }: Findings,
): Promise<void> {
  const load = stand.startLoad();
  for (const policy of ['everysec', 'always'] as const) {
    await stand.admin.config('SET', 'appendfsync', policy);
    await load.untilAcknowledged(load.tally.acknowledged + 100);
    context.progress(`no room for Redis, appendfsync ${policy}`);
    load.phase(`full, ${policy}`);
    const refusedBefore = load.tally.answers['503'] ?? 0;
    disk.fill();
    await delay(context.quick ? 4_000 : 15_000);
    const refused = (load.tally.answers['503'] ?? 0) - refusedBefore;
    if (refused === 0) problems.push(`nothing was refused while Redis had no room (${policy})`);
    const survived = isAlive(stand.redis.pid);
    figures[`Redis survived ${policy}`] = survived ? 'yes' : 'no';
    if (policy === 'everysec' && !survived) problems.push('Redis ended for want of room, with everysec');
    disk.makeRoom();
    if (!survived) await stand.redis.restart();
    load.phase(`after, ${policy}`);
    await load.untilAcknowledged(load.tally.acknowledged + 100);
  }
}

export const redisDiskFull: FaultCase = {
  row: '6',
  name: 'no room left on the disk of Redis',
  skip: reasonWithoutDisk,
  async run(context) {
    const disk = mountSmallDisk(REDIS_MB);
    try {
      return await onStand(context, { redisDirectory: disk.directory }, async (stand, findings) => {
        await fillRedis(context, stand, disk, findings);
        return { answerWithinMs: 1_000 };
      });
    } finally {
      disk.close();
    }
  },
};
