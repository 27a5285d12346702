import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { PruneTick } from '../../../core/contracts/queues.ts';
import { openQueue } from '../../../core/platform/queue.ts';
import { onStand, type CaseContext, type FaultCase } from '../case.ts';
import { createClock } from '../clock.ts';
import { findFaketime, reasonWithout } from '../packages.ts';
import type { Stand, StandOptions } from '../stand.ts';
import { INSERT_ROW, NO_MEASUREMENTS } from './postgres.ts';

const HOUR = 3_600;
const RETENTION = 86_400;

/** How far inside the retention the oldest snapshot lies: by a clock that is an hour ahead, it is past it. */
const INSIDE = HOUR / 2;

/** Snapshots a minute from one agent: more than the load sends, and few enough to send them in a moment. */
const RATE_LIMIT = 600;

/** Agents of the case's own, not in the ledger. */
const OWN_AGENTS = ['of-today', 'of-soon', 'of-far', 'limited', 'past'];

const trueSeconds = () => Math.floor(Date.now() / 1000);

async function statusOf(url: string, agentId: string, timestamp: number): Promise<number> {
  const answer = await fetch(`${url}/ingest/metrics`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Agent-Id': agentId },
    body: JSON.stringify({ timestamp, total_cpu_percent: 1 }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

/** Every node judges the future alike, however wrong its own clock is. */
async function judgeFutures({ urls }: Stand): Promise<string[]> {
  const problems: string[] = [];
  const askedAt = trueSeconds();
  for (const [i, url] of urls.entries()) {
    // No snapshot twice: what is written again is counted.
    const now = askedAt - i;
    for (const [agentId, timestamp, expected] of [
      ['of-today', now, 200],
      ['of-soon', now + 300, 200],
      ['of-far', now + RETENTION, 422],
    ] as const) {
      const status = await statusOf(url, agentId, timestamp);
      if (status !== expected)
        problems.push(`api ${i + 1} answered ${status} to a snapshot ${agentId}, not ${expected}`);
    }
  }
  return problems;
}

/** One agent sends more than it may, to all nodes in turn. */
async function judgeRateLimit({ urls }: Stand): Promise<string[]> {
  const now = trueSeconds();
  let taken = 0;
  const lanes = Array.from({ length: 20 }, async (_, lane) => {
    for (let i = lane; i < RATE_LIMIT + 200; i += 20)
      if ((await statusOf(urls[i % urls.length] ?? '', 'limited', now - i)) === 200) taken += 1;
  });
  await Promise.all(lanes);
  return Math.abs(taken - RATE_LIMIT) <= RATE_LIMIT / 20
    ? []
    : [`${taken} snapshots of one agent were taken in a minute, ${RATE_LIMIT} may`];
}

/**
 * Has both stores pruned, by the one worker that has this role, and sees to it that something was: a record and a row
 * past the retention are gone afterwards. What it must not take away is in the ledger.
 *
 * @param deletes false where the worker's clock is behind: then it may leave what is past by the true time
 */
async function pruneNow(stand: Stand, sql: pg.Client, deletes: boolean): Promise<string[]> {
  const past = trueSeconds() - RETENTION - 5;
  await stand.admin.zadd('topline:agents', 'GT', past, 'past');
  await stand.admin.zadd('metrics:timeline:past', past, JSON.stringify({ timestamp: past }));
  await sql.query(INSERT_ROW, ['past', randomUUID(), past, NO_MEASUREMENTS]);
  const queue = openQueue('prune', stand.admin);
  const done = () => stand.counter('topline_jobs_total', { queue: 'prune', outcome: 'completed' });
  const before = await done();
  for (const store of ['redis', 'postgres'] satisfies PruneTick['store'][]) await queue.add('now', { store });
  for (const endsAt = Date.now() + 30_000; (await done()) < before + 2; await delay(50))
    if (Date.now() > endsAt) return ['nothing was pruned within 30 s'];
  if (!deletes) return [];
  const { rowCount } = await sql.query(`SELECT FROM metrics_snapshots WHERE agent_id = 'past'`);
  const records = await stand.admin.zcard('metrics:timeline:past');
  return rowCount === 0 && records === 0
    ? []
    : [`pruning left ${rowCount} rows and ${records} records that are past the retention`];
}

async function whileClocksAreWrong(
  context: CaseContext,
  stand: Stand,
  setClock: (name: string, seconds: number) => void,
  sql: pg.Client,
): Promise<string[]> {
  const problems: string[] = [];
  const load = stand.startLoad({ perSecond: 80, startSeconds: trueSeconds() - RETENTION + INSIDE });
  await load.untilAcknowledged(context.quick ? 300 : 1_500);

  context.progress('one API and one worker an hour ahead, the others an hour behind');
  problems.push(...(await judgeFutures(stand)), ...(await judgeRateLimit(stand)));
  problems.push(...(await pruneNow(stand, sql, true)));
  const recent = await fetch(`${stand.urls[0]}/api/metrics/recent?agent=agent0-0`);
  if (((await recent.json()) as unknown[]).length === 0)
    problems.push('a node that is ahead shows nothing of what is inside the retention');

  context.progress('PostgreSQL away, and clocks stepping back meanwhile');
  load.phase('clocks step back');
  stand.postgresProxy.drop();
  await delay(context.quick ? 1_500 : 5_000);
  for (const name of ['api 1', 'worker 1']) setClock(name, -HOUR);
  stand.postgresProxy.restore();
  await load.untilAcknowledged(load.tally.acknowledged + 200);
  problems.push(...(await judgeFutures(stand)), ...(await pruneNow(stand, sql, false)));

  context.progress('clocks stepping to and fro');
  load.phase('to and fro');
  for (let round = 0; round < (context.quick ? 4 : 20); round += 1) {
    for (const name of ['api 1', 'api 2', 'worker 1', 'worker 2'])
      setClock(name, context.random.between(-HOUR, HOUR));
    await delay(500);
  }
  setClock('worker 1', HOUR);
  problems.push(...(await pruneNow(stand, sql, true)));
  await load.finish();
  await stand.untilDrained();
  return problems;
}

export const clocksOff: FaultCase = {
  row: '15',
  name: 'clocks an hour ahead, an hour behind, and stepping back; snapshots from the future; pruning meanwhile',
  skip: () => reasonWithout('libfaketime', findFaketime),
  async run(context) {
    const offsets = { 'api 1': HOUR, 'api 2': -HOUR, 'worker 1': HOUR, 'worker 2': -HOUR };
    const clocks = new Map(
      await Promise.all(
        Object.entries(offsets).map(
          async ([name, seconds]) =>
            [name, await createClock(context.ground.directory, name, seconds)] as const,
        ),
      ),
    );
    const options: StandOptions = {
      workers: ['timeline,persist,alerts,prune', 'timeline,persist,alerts'],
      env: {
        RETENTION_SECONDS: String(RETENTION),
        ALERT_RETENTION_SECONDS: String(RETENTION),
        POSTGRES_RETENTION_DAYS: '1',
        AGENT_RATE_LIMIT_PER_MINUTE: String(RATE_LIMIT),
      },
      envOf: (name) => clocks.get(name)?.env ?? {},
    };
    return onStand(context, options, async (stand, { problems, figures }) => {
      const sql = new pg.Client({ connectionString: stand.dsn });
      await sql.connect();
      try {
        const setClock = (name: string, seconds: number) => clocks.get(name)?.set(seconds);
        problems.push(...(await whileClocksAreWrong(context, stand, setClock, sql)));
        await sql.query('DELETE FROM metrics_snapshots WHERE agent_id = ANY ($1)', [OWN_AGENTS]);
      } finally {
        await sql.end();
      }
      const stalled = await stand.counter('topline_jobs_total', { outcome: 'stalled' });
      figures['stalled'] = stalled;
      if (stalled > 0) problems.push(`${stalled} jobs lost their lock while no worker died`);
      // Rows may be written again: PostgreSQL is restarted on the way, and the answer to a commit can be lost with it.
      return { answerWithinMs: 1_000 };
    });
  },
};
