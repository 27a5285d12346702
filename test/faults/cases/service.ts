import { setTimeout as delay } from 'node:timers/promises';
import { onStand, type FaultCase } from '../case.ts';
import { readLedger } from '../ledger.ts';
import { memoryMb } from '../processFigures.ts';

const MAX_JOBS = 300;

export const backlog: FaultCase = {
  row: '12',
  name: 'the workers are away and snapshots keep coming: refused at the set depth, taken again by themselves',
  run: (context) =>
    onStand(
      context,
      { apis: 1, env: { BACKLOG_MAX_JOBS: String(MAX_JOBS) } },
      async (stand, { problems, figures }) => {
        const load = stand.startLoad({ agents: 40 });
        await load.untilAcknowledged(100);
        for (const worker of stand.workers) await worker.terminate();
        const api = stand.apis[0];
        if (api === undefined) return;
        const memory = memoryMb(api.pid);
        load.phase('nobody works');
        load.setRate(400);
        for (let second = 0; second < (context.quick ? 6 : 20); second += 1) {
          context.progress(`nobody works for ${second} s, ${load.tally.answers['503'] ?? 0} refused`);
          await delay(1_000);
        }
        if ((load.tally.answers['503'] ?? 0) === 0) problems.push('nothing was refused');
        const depth = Math.max(
          ...(await Promise.all(
            stand.queues.map((queue) =>
              queue.getJobCountByTypes('waiting', 'prioritized', 'active', 'delayed'),
            ),
          )),
        );
        figures['depth'] = `${depth} of ${MAX_JOBS}`;
        // The limit is looked at once a second; what comes in between goes beyond it.
        if (depth > MAX_JOBS + 600) problems.push(`${depth} jobs wait, ${MAX_JOBS} may`);
        const grown = memoryMb(api.pid) - memory;
        figures['API grew'] = `${grown.toFixed(0)} MB`;
        if (grown > 100) problems.push(`the API grew by ${grown.toFixed(0)} MB`);
        const page = await fetch(`${stand.urls[0]}/metrics`).then((answer) => answer.text());
        if (!/oldest/.test(page)) problems.push('the age of the oldest job is no figure of /metrics');
        load.setRate(100);
        for (const worker of stand.workers) worker.start();
        load.phase('after');
        await load.untilAcknowledged(load.tally.acknowledged + 200);
        return { answerWithinMs: 1_000 };
      },
    ),
};

async function statusOf(url: string): Promise<number> {
  return fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3_000) }).then(
    ({ status }) => status,
    () => 0,
  );
}

async function untilStatus(url: string, wanted: number, seconds: number): Promise<boolean> {
  for (const endsAt = Date.now() + seconds * 1_000; Date.now() < endsAt; await delay(100))
    if ((await statusOf(url)) === wanted) return true;
  return false;
}

export const startedWithoutStores: FaultCase = {
  row: '16',
  name: 'everything started while Redis, then PostgreSQL, is away: not ready, then ready by itself',
  run: (context) =>
    onStand(context, {}, async (stand, { problems }) => {
      const [url = ''] = stand.urls;
      const everybody = [...stand.apis, ...stand.workers];
      for (const store of [stand.redis, stand.postgres]) {
        const name = store === stand.redis ? 'Redis' : 'PostgreSQL';
        context.progress(`starting without ${name}`);
        await Promise.all(everybody.map((process) => process.terminate()));
        await store.kill();
        for (const process of everybody) process.start();
        const expected = store === stand.redis ? 503 : 200;
        if (!(await untilStatus(url, expected, 15)))
          problems.push(`without ${name} readiness is ${await statusOf(url)}, not ${expected}`);
        await delay(context.quick ? 2_000 : 6_000);
        await store.restart();
        if (!(await untilStatus(url, 200, 15))) problems.push(`not ready 15 s after ${name} came back`);
        const load = stand.startLoad();
        await load.untilAcknowledged(100);
        await load.finish();
        await stand.untilDrained(30_000);
      }
    }),
};

/** Workers wait two seconds for a Redis that is away, not for DRAIN_SECONDS; the rest is for a busy machine. */
const DEADLINE_MS = 6_000;

export const stopped: FaultCase = {
  row: '14',
  name: 'processes ended with SIGTERM under load, and with Redis away',
  run: (context) =>
    onStand(context, {}, async (stand, { problems, figures }) => {
      const load = stand.startLoad();
      await load.untilAcknowledged(100);
      const times: number[] = [];
      const rounds = context.quick ? 4 : 20;
      for (let round = 0; round < rounds; round += 1) {
        const everybody = [...stand.apis, ...stand.workers];
        const process = everybody[round % everybody.length];
        if (process === undefined) break;
        context.progress(`${process.name} is told to end (${round + 1} of ${rounds})`);
        const { code, ms } = await process.terminate();
        times.push(ms);
        if (code !== 0) problems.push(`${process.name} ended with code ${code} after SIGTERM`);
        process.start();
        await process.untilReady();
      }
      figures['slowest end'] = `${Math.max(...times)} ms`;
      const stalled = await stand.counter('topline_jobs_total', { outcome: 'stalled' });
      if (stalled > 0) problems.push(`${stalled} jobs stalled`);
      await load.finish();
      await stand.untilDrained();
      const { repeats, timings } = await readLedger([load.ledgerFile]);
      const cut = timings.get('load')?.byStatus['0'] ?? 0;
      figures['cut'] = cut;
      if (cut > 0) problems.push(`${cut} requests were cut off by a process that was told to end`);
      context.progress('told to end while Redis is away');
      await stand.redis.kill();
      await delay(500);
      for (const process of [...stand.apis, ...stand.workers]) {
        const { ms } = await process.terminate();
        if (ms > DEADLINE_MS) problems.push(`${process.name} took ${ms} ms to end while Redis was away`);
        figures[`${process.name} without Redis`] = `${ms} ms`;
      }
      await stand.redis.restart();
      for (const process of [...stand.apis, ...stand.workers]) process.start();
      figures['repeats under SIGTERM'] = repeats;
    }),
};
