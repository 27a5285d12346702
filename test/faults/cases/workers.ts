import { setTimeout as delay } from 'node:timers/promises';
import { onStand, type FaultCase } from '../case.ts';
import type { Random } from '../random.ts';
import { isStopped } from '../stores.ts';
import { quantile, timeToRedo } from '../redoTimes.ts';
import type { Supervised } from '../supervised.ts';

/** Every place at which a worker can die with something half done. */
export const WORKER_FAILPOINTS = [
  'timeline.begin',
  'timeline.done',
  'persist.begin',
  'persist.done',
  'alerts.begin',
  'alerts.decided',
  'alerts.announced',
  'alerts.done',
] as const;

/** A failpoint that strikes within the first jobs; windows fire seldom, so those strike at once. */
export function someFailpoint(random: Random): string {
  const point = random.pick(WORKER_FAILPOINTS);
  const rare = point === 'alerts.decided' || point === 'alerts.announced';
  return `${point}=kill@${rare ? 1 : random.between(1, 40)}`;
}

/** Waits until the process with this id is gone. */
async function untilGone(worker: Supervised, pid: number | undefined): Promise<void> {
  const endsAt = Date.now() + 30_000;
  while (worker.pid === pid) {
    if (Date.now() > endsAt) throw new Error(`${worker.name} did not die`);
    await delay(2);
  }
}

/** Kills the process, starts it with this failpoint, and waits until it strikes. */
async function dieAt(worker: Supervised, failpoint: string): Promise<void> {
  worker.arm(failpoint);
  const { pid } = worker;
  worker.kill();
  await untilGone(worker, pid);
  while (worker.pid === undefined) await delay(2);
  await untilGone(worker, worker.pid);
}

export const workersKilled: FaultCase = {
  row: '2',
  name: 'workers killed before and after their commit, before they complete the job',
  run: (context) =>
    onStand(context, { apis: 1 }, async (stand, { figures, problems }) => {
      const load = stand.startLoad();
      await load.untilAcknowledged(100);
      // Every place once, and in between kills from outside, wherever the worker is then.
      const places = WORKER_FAILPOINTS.flatMap((point, i) => (i % 2 === 1 ? [point, undefined] : [point]));
      const redone: number[] = [];
      for (const [round, point] of places.slice(0, context.quick ? 3 : undefined).entries()) {
        const worker = stand.workers[round % 2];
        if (worker === undefined) break;
        context.progress(
          `${point ?? 'anywhere'}, ${redone.length} times redone, ${load.tally.acknowledged} acknowledged`,
        );
        await stand.untilReady();
        if (point === undefined) {
          const { pid } = worker;
          worker.kill();
          await untilGone(worker, pid);
        } else await dieAt(worker, `${point}=kill@${context.random.between(1, 5)}`);
        const ms = await timeToRedo(stand);
        if (ms > 0) redone.push(ms);
      }
      const p99 = quantile(redone, 0.99);
      figures['redone ms'] =
        `${redone.length} times, p50 ${quantile(redone, 0.5).toFixed(0)}, p99 ${p99.toFixed(0)}`;
      if (redone.length === 0) problems.push('no worker died with work in hand');
      if (p99 > 10_000)
        problems.push(`work of a killed worker was done after ${p99.toFixed(0)} ms, limit 10000`);
      return { answerWithinMs: 1_000 };
    }),
};

/** Longer than the lock of a job and the look for stalled ones together: others have done the work by then. */
const FROZEN_MS = 10_000;

export const workersFrozen: FaultCase = {
  row: '2',
  name: 'workers frozen with a job in hand until others have done it, then let go on',
  run: (context) =>
    onStand(context, { apis: 1 }, async (stand, { figures, problems }) => {
      const load = stand.startLoad();
      await load.untilAcknowledged(100);
      const points = ['persist.begin', 'timeline.begin', 'alerts.decided', 'persist.done'];
      for (const [round, point] of points.slice(0, context.quick ? 1 : undefined).entries()) {
        const worker = stand.workers[round % 2];
        if (worker === undefined) break;
        context.progress(`frozen at ${point}, ${load.tally.acknowledged} acknowledged`);
        const { pid } = worker;
        worker.arm(`${point}=freeze@${context.random.between(1, 5)}`);
        worker.kill();
        await untilGone(worker, pid);
        await worker.untilReady();
        for (const endsAt = Date.now() + 20_000; !isStopped(worker.pid ?? 0); await delay(20))
          if (Date.now() > endsAt) throw new Error(`${worker.name} did not freeze at ${point}`);
        await delay(FROZEN_MS);
        worker.thaw();
        await delay(1_000);
      }
      const stalled = await stand.counter('topline_jobs_total', { outcome: 'stalled' });
      figures['taken over'] = stalled;
      if (stalled === 0) problems.push('no job of a frozen worker was taken over');
    }),
};
