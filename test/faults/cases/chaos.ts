import { setTimeout as delay } from 'node:timers/promises';
import { onStand, type CaseContext, type CaseResult, type Expectations, type FaultCase } from '../case.ts';
import type { Random } from '../random.ts';
import type { Stand, StandOptions } from '../stand.ts';
import type { BreakableStore } from '../stores.ts';
import { someFailpoint } from './workers.ts';

const API_FAILPOINTS = ['intake.begin', 'intake.enqueued'] as const;

/** Pause between two volleys of a storm: who was hit is just coming back, others are in the middle of their work. */
const PAUSE_MS: [number, number] = [50, 400];

/** The lull after a storm: everything comes up, and much is under way when the next one breaks. */
const LULL_MS: [number, number] = [1_500, 2_500];
const LULL_CHANCE = 0.25;

/** How long a killed store stays away. */
const AWAY_MS: [number, number] = [0, 500];

/** Most processes that die in one volley, beside one store: of a host that falls over, several things are gone at once. */
const MOST_AT_ONCE = 2;

/** Somebody who can be killed; `kill` resolves when a store is back; processes come back by themselves. */
interface Victim {
  name: string;
  isUp(): boolean;
  kill(): Promise<void>;
}

/** @param kills counts those of the stores; processes count their own */
function processesOf({ apis, workers }: Stand): Victim[] {
  return [...apis, ...workers].map((process) => ({
    name: process.name,
    isUp: () => process.ready,
    kill: async () => process.kill(),
  }));
}

/** @param kills counts them by name; processes count their own */
function storesOf({ redis, postgres }: Stand, random: Random, kills: Map<string, number>): Victim[] {
  const victim = (name: string, { restart }: BreakableStore, end: () => Promise<void>): Victim => {
    let away = false;
    return {
      name,
      isUp: () => !away,
      async kill() {
        away = true;
        kills.set(name, (kills.get(name) ?? 0) + 1);
        await end();
        await delay(random.between(...AWAY_MS));
        await restart();
        away = false;
      },
    };
  };
  return [
    victim('Redis', redis, redis.kill),
    victim('PostgreSQL', postgres, () => (random.chance(0.5) ? postgres.kill() : postgres.stopAtOnce())),
  ];
}

const isUp = (victim: Victim) => victim.isUp();

/** What a row of mixed kills has of its own. */
interface MixedKills {
  options?: StandOptions;
  /** Where a worker is to die by itself. */
  workerFailpoint: (random: Random) => string;
  kills: number;
  /** Snapshots that must be taken from one volley to the next, so that there is something to lose (default 0). */
  between?: number;
  /** What must hold when the last one is up again, beside the books. */
  atRest?: Expectations['atRest'];
}

/** Kills of everything, one or several at once, under steady load, until there were that many. */
export function mixedKills(
  context: CaseContext,
  { options, workerFailpoint, kills, between = 0, atRest }: MixedKills,
): Promise<CaseResult> {
  const { perSecond, random } = context;
  let calm = false;
  const armed = (choose: () => string) => ({
    chooseFailpoints: () => (!calm && random.chance(0.3) ? choose() : ''),
  });
  return onStand(
    context,
    {
      ...options,
      api: armed(() => `${random.pick(API_FAILPOINTS)}=kill@${random.between(1, 200)}`),
      worker: armed(() => workerFailpoint(random)),
    },
    async (stand, { figures }) => {
      const load = stand.startLoad({ perSecond });
      await load.untilAcknowledged(50);
      const storeKills = new Map<string, number>();
      const victims = processesOf(stand);
      const storeVictims = storesOf(stand, random, storeKills);
      let mending: Promise<unknown> = Promise.resolve();
      const stores = () => [...storeKills.values()].reduce((sum, count) => sum + count, 0);
      const processes = [...stand.apis, ...stand.workers];
      const done = () => stores() + processes.reduce((sum, process) => sum + process.kills, 0);
      while (done() < kills) {
        const volley = [
          ...random.some(victims.filter(isUp), random.between(0, MOST_AT_ONCE)),
          ...random.some(storeVictims.filter(isUp), random.between(0, 1)),
        ];
        // Not waited for: others die while a store is away.
        mending = Promise.all([mending, ...volley.map((victim) => victim.kill())]);
        context.progress(
          `${done()} of ${kills} kills, ${load.tally.acknowledged} of ${load.tally.attempted} acknowledged`,
        );
        await load.untilAcknowledged(load.tally.acknowledged + between);
        await delay(random.between(...(random.chance(LULL_CHANCE) ? LULL_MS : PAUSE_MS)));
      }
      calm = true;
      await mending;
      figures['kills'] = stores();
      figures['kills of'] = [
        ...processes.map((process) => [process.name, process.kills] as const),
        ...storeKills,
      ]
        .map(([name, count]) => `${name} ${count}`)
        .join(', ');
      return { drainMs: 120_000, ...(atRest && { atRest }) };
    },
  );
}

export const chaos: FaultCase = {
  row: 'chaos',
  name: 'kills of everything, at random and at failpoints, one or several at once, under steady load',
  run: (context) => mixedKills(context, { kills: context.kills, workerFailpoint: someFailpoint }),
};
