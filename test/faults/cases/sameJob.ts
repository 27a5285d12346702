import { setTimeout as delay } from 'node:timers/promises';
import { onStand, type CaseContext, type CaseResult, type FaultCase } from '../case.ts';
import type { Stand, StandOptions } from '../stand.ts';

/** Every start of the worker ends with the first job it takes. */
const DEADLY = 'persist.begin=kill@1';

/**
 * Kills the worker of one job again and again. The lock that the dead worker leaves behind is taken away, which is what
 * time would do: the job would lie for seconds after each of the kills otherwise.
 */
export async function killAtOneJob(context: CaseContext, stand: Stand, kills: number): Promise<void> {
  const queue = stand.queues.find(({ name }) => name === 'persist');
  const worker = stand.workers[0];
  if (queue === undefined || worker === undefined) throw new Error('nobody persists here');
  const load = stand.startLoad({ perSecond: 20, agents: 1, lanes: 1 });
  await load.untilAcknowledged(1);
  load.setRate(0);
  const endsAt = Date.now() + kills * 5_000 + 20_000;
  while (worker.kills < kills && Date.now() < endsAt) {
    context.progress(`${worker.kills} of ${kills} kills at the same job`);
    if (worker.pid === undefined || !worker.ready) {
      for (const id of await stand.admin.lrange(queue.toKey('active'), '0', '-1')) {
        await stand.admin.sadd(queue.toKey('stalled'), id);
        await stand.admin.del(queue.toKey(`${id}:lock`), queue.toKey('stalled-check'));
      }
    }
    await delay(50);
  }
  if (worker.kills < kills) throw new Error(`the job was taken up only ${worker.kills} of ${kills} times`);
}

/** One worker has the job to itself. */
export function oneJobStand(failpoints: string): StandOptions {
  return { apis: 1, workers: ['persist', 'timeline,alerts'], worker: { chooseFailpoints: () => failpoints } };
}

async function run(context: CaseContext): Promise<CaseResult> {
  let failpoints = DEADLY;
  const options = { ...oneJobStand(''), worker: { chooseFailpoints: () => failpoints } };
  return onStand(context, options, async (stand) => {
    await killAtOneJob(context, stand, context.quick ? 6 : 50);
    failpoints = '';
    stand.workers[0]?.kill();
  });
}

export const sameJobKilled: FaultCase = {
  row: '3',
  name: 'the worker of the same job killed 50 times: it is stored in the end',
  run,
};
