import { setTimeout as delay } from 'node:timers/promises';
import { onStand, type CaseContext, type FaultCase } from '../case.ts';
import type { Stand, StandOptions } from '../stand.ts';

/** What an add of a batch to any stage's queue holds in its bytes. */
const ADDS = ['{topline:timeline}:timeline', '{topline:persist}:persist', '{topline:alerts}:alerts'] as const;

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

/**
 * Answers of Redis to adds are lost. With as many processes alive as before, nothing may be worked on more often than
 * it was posted.
 */
export async function repliesSwallowed(context: CaseContext, stand: Stand): Promise<{ noRework: true }> {
  const load = stand.startLoad();
  await load.untilAcknowledged(50);
  const rounds = context.quick ? 10 : 30;
  for (let round = 0; round < rounds; round += 1) {
    context.progress(`reply ${round + 1} of ${rounds} swallowed`);
    stand.redisProxy.swallowReplyTo(context.random.pick(ADDS));
    await delay(150);
  }
  return { noRework: true };
}

/** The API weakened so that it repeats an add whose answer was lost, as ioredis does unless told otherwise. */
export const RESENDING: StandOptions = {
  apis: 1,
  workers: ['timeline,persist,alerts'],
  api: { failpoints: 'resend' },
};

export const repliesLost: FaultCase = {
  row: '1',
  name: 'answers to adds are lost and the adds sent again: their own ids keep them one job',
  run: (context) => onStand(context, RESENDING, (stand) => repliesSwallowed(context, stand)),
};
