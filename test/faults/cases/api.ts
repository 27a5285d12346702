import { setTimeout as delay } from 'node:timers/promises';
import { onStand, type CaseContext, type FaultCase } from '../case.ts';
import type { Stand, StandOptions } from '../stand.ts';

/** What only an add of a batch holds in its bytes. */
const ADDS = ['"snapshots":[', '"samples":['] as const;

export const apiKilled: FaultCase = {
  row: '1',
  name: 'API nodes killed in the middle of a request and of an enqueue, and their connections cut',
  run: (context) =>
    onStand(context, { workers: ['timeline,persist,alerts'] }, async (stand) => {
      const { random } = context;
      const load = stand.startLoad();
      await load.untilAcknowledged(100);
      const rounds = context.quick ? 6 : 24;
      for (let round = 0; round < rounds; round += 1) {
        context.progress(`round ${round + 1} of ${rounds}, ${load.tally.acknowledged} acknowledged`);
        const api = random.pick(stand.apis);
        if (round % 4 === 0) stand.redisProxy.cutAfter(random.pick(ADDS), random.between(1, 2_000));
        else if (round % 4 === 1) stand.redisProxy.swallowReplyTo(random.pick(ADDS));
        else if (api.ready) {
          if (random.chance(0.7))
            api.arm(`intake.${random.pick(['begin', 'enqueued'])}=kill@${random.between(1, 60)}`);
          api.kill();
        }
        await delay(random.between(200, 1_200));
      }
    }),
};

/** Long enough for what is sent again not to be swallowed as well. */
const SWALLOW_EVERY_MS = 600;

/** Lets the answers to many adds be lost, one after the other. */
async function swallowReplies(context: CaseContext, stand: Stand): Promise<void> {
  const rounds = context.quick ? 10 : 30;
  for (let round = 0; round < rounds; round += 1) {
    context.progress(`reply ${round + 1} of ${rounds} swallowed`);
    stand.redisProxy.swallowReplyTo(context.random.pick(ADDS));
    await delay(SWALLOW_EVERY_MS);
  }
}

export const repliesLost: FaultCase = {
  row: '1',
  name: 'answers to adds are lost: no snapshot is worked on more often than it was posted',
  run: (context) =>
    onStand(context, { apis: 1 }, async (stand) => {
      await stand.startLoad().untilAcknowledged(50);
      await swallowReplies(context, stand);
      return { noRework: true };
    }),
};

/** The API weakened so that it repeats an add whose answer was lost, as ioredis does unless told otherwise. */
export function resendingStand(failpoints: string): StandOptions {
  return { apis: 1, workers: ['timeline,persist,alerts'], api: { failpoints } };
}

/** Adds are sent again while their jobs wait, for nobody works: one job must come of each, whatever was heard of it. */
export async function addsSentAgain(context: CaseContext, stand: Stand): Promise<{ noRework: true }> {
  const load = stand.startLoad();
  await load.untilAcknowledged(50);
  for (const worker of stand.workers) await worker.terminate();
  await swallowReplies(context, stand);
  await load.finish();
  for (const worker of stand.workers) worker.start();
  return { noRework: true };
}

export const addsRepeated: FaultCase = {
  row: '1',
  name: 'answers to adds are lost and the adds sent again: their ids keep them one job',
  run: (context) => onStand(context, resendingStand('resend'), (stand) => addsSentAgain(context, stand)),
};
