import { setTimeout as delay } from 'node:timers/promises';
import { onStand, type CaseContext, type FaultCase } from '../case.ts';
import type { Stand } from '../stand.ts';
import { someFailpoint } from './workers.ts';

const API_FAILPOINTS = ['intake.begin', 'intake.enqueued'] as const;

/** Pause between two kills: long enough that something is under way when the next one comes. */
const PAUSE_MS: [number, number] = [100, 900];

/** One kill, of somebody who is up. Resolves when the store it hit is back; processes come back by themselves. */
async function strike({ random }: CaseContext, stand: Stand, hits: Record<string, number>): Promise<boolean> {
  const hit = (name: string) => void (hits[name] = (hits[name] ?? 0) + 1);
  const dice = random.next();
  if (dice < 0.12) {
    hit('Redis');
    await stand.redis.kill();
    await delay(random.between(0, 600));
    await stand.redis.restart();
    return true;
  }
  if (dice < 0.2) {
    hit('PostgreSQL');
    await (random.chance(0.5) ? stand.postgres.kill() : stand.postgres.stopAtOnce());
    await delay(random.between(0, 600));
    await stand.postgres.restart();
    return true;
  }
  const up = [...stand.apis, ...stand.workers].filter(({ ready }) => ready);
  if (up.length === 0) return false;
  random.pick(up).kill();
  return true;
}

export const chaos: FaultCase = {
  row: 'chaos',
  name: 'kills of everything, at random and at failpoints, under steady load',
  async run(context) {
    const { kills, random } = context;
    let calm = false;
    const armed = (choose: () => string) => ({
      chooseFailpoints: () => (!calm && random.chance(0.3) ? choose() : ''),
    });
    return onStand(
      context,
      {
        api: armed(() => `${random.pick(API_FAILPOINTS)}=kill@${random.between(1, 200)}`),
        worker: armed(() => someFailpoint(random)),
      },
      async (stand, { figures }) => {
        const load = stand.startLoad();
        await load.untilAcknowledged(50);
        const hits: Record<string, number> = {};
        const stores = () => (hits['Redis'] ?? 0) + (hits['PostgreSQL'] ?? 0);
        const done = () =>
          stores() + [...stand.apis, ...stand.workers].reduce((sum, { kills }) => sum + kills, 0);
        while (done() < kills) {
          await strike(context, stand, hits);
          context.progress(
            `${done()} of ${kills} kills, ${load.tally.acknowledged} of ${load.tally.attempted} acknowledged`,
          );
          await delay(random.between(...PAUSE_MS));
        }
        calm = true;
        figures['kills'] = stores();
        figures['kills of'] = [...stand.apis, ...stand.workers]
          .map(({ name, kills }) => `${name} ${kills}`)
          .concat(Object.entries(hits).map(([name, count]) => `${name} ${count}`))
          .join(', ');
        return { drainMs: 120_000 };
      },
    );
  },
};
