import { setTimeout as delay } from 'node:timers/promises';
import { onStand, type CaseContext, type FaultCase } from '../case.ts';
import type { Stand } from '../stand.ts';

/** What docs/reliability.md promises: every request is answered within a second, whatever Redis does. */
const ANSWER_MS = 1_000;

/** Snapshots acknowledged after a fault, to see that the service takes them again by itself. */
const AFTERWARDS = 100;

async function outage(
  context: CaseContext,
  stand: Stand,
  seconds: readonly number[],
  act: { begin: () => Promise<void> | void; end: () => Promise<void> | void; verb: string },
): Promise<{ answerWithinMs: number }> {
  const load = stand.startLoad();
  await load.untilAcknowledged(AFTERWARDS);
  for (const length of seconds) {
    context.progress(`Redis ${act.verb} for ${length} s, ${load.tally.acknowledged} acknowledged`);
    load.phase(`${act.verb} ${length} s`);
    await act.begin();
    await delay(length * 1_000);
    await act.end();
    load.phase(`after ${length} s`);
    await load.untilAcknowledged(load.tally.acknowledged + AFTERWARDS);
  }
  return { answerWithinMs: ANSWER_MS };
}

export const redisKilled: FaultCase = {
  row: '4',
  name: 'Redis killed and away for 0, 3 and 30 s',
  run: (context) =>
    onStand(context, {}, (stand) =>
      outage(context, stand, context.quick ? [0, 3] : [0, 3, 30], {
        verb: 'away',
        begin: stand.redis.kill,
        end: stand.redis.restart,
      }),
    ),
};

export const redisFrozen: FaultCase = {
  row: '5',
  name: 'Redis frozen for 10 s, and the way to it',
  run: (context) =>
    onStand(context, {}, async (stand) => {
      const seconds = context.quick ? 4 : 10;
      const expectations = await outage(context, stand, [seconds], {
        verb: 'frozen',
        begin: stand.redis.freeze,
        end: stand.redis.thaw,
      });
      const load = stand.loads[0];
      load?.phase('way frozen');
      stand.redisProxy.freeze();
      await delay(seconds * 500);
      stand.redisProxy.drop();
      await delay(500);
      stand.redisProxy.restore();
      load?.phase('after the way');
      await load?.untilAcknowledged(load.tally.acknowledged + AFTERWARDS);
      return expectations;
    }),
};

/** Memory left to Redis beyond what it uses when the case begins. */
const ROOM_BYTES = 12_000_000;

/** A body that makes Redis fill in seconds. */
const FILL_PER_SECOND = 1_500;

export const redisFull: FaultCase = {
  row: '6',
  name: 'Redis runs full while the workers are away',
  run: (context) =>
    onStand(context, { apis: 1 }, async (stand, { figures, problems }) => {
      const load = stand.startLoad({ agents: 60 });
      await load.untilAcknowledged(AFTERWARDS);
      for (const worker of stand.workers) await worker.terminate();
      const used = Number(/used_memory:(\d+)/.exec(await stand.admin.info('memory'))?.[1]);
      await stand.admin.config('SET', 'maxmemory', String(used + ROOM_BYTES));
      load.phase('filling');
      load.setRate(FILL_PER_SECOND);
      const refused = async (seconds: number) => {
        for (const endsAt = Date.now() + seconds * 1_000; Date.now() < endsAt; await delay(100))
          if ((load.tally.answers['503'] ?? 0) > 0) return true;
        return false;
      };
      if (!(await refused(90))) problems.push('Redis was filled and nothing refused');
      const full = await stand.admin.info('memory');
      const share = Number(/used_memory:(\d+)/.exec(full)?.[1]) / (used + ROOM_BYTES);
      figures['refused at'] = `${(share * 100).toFixed(0)} % of maxmemory`;
      if (share > 0.9) problems.push(`refused only at ${(share * 100).toFixed(0)} % of maxmemory`);
      context.progress('draining with little memory');
      load.phase('draining');
      load.setRate(100);
      for (const worker of stand.workers) worker.start();
      await stand.untilReady();
      await load.untilAcknowledged(load.tally.acknowledged + AFTERWARDS, 90_000);
      // The other way of running full: somebody sets the limit below what is used. Everybody is refused, then let in.
      load.phase('no memory at all');
      await stand.admin.config('SET', 'maxmemory', '1000000');
      await delay(context.quick ? 2_000 : 6_000);
      await stand.admin.config('SET', 'maxmemory', '0');
      load.phase('memory again');
      await load.untilAcknowledged(load.tally.acknowledged + AFTERWARDS, 90_000);
      return { answerWithinMs: ANSWER_MS };
    }),
};
