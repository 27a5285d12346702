import { openDataset } from '../history/dataset.ts';
import { pruneOldDay } from '../history/oldDay.ts';
import type { Measurement } from '../results.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { readUsage, usageSince } from '../usage.ts';
import { MISSING } from './history.ts';

async function measurePrune(bench: Bench): Promise<Measurement | { skipped: string }> {
  const dataset = await openDataset();
  if (dataset === undefined) return { skipped: MISSING };
  const roles = { postgres: [dataset.postgresPid] };
  try {
    bench.progress('adding a day');
    let result: Measurement | undefined;
    const rows = await pruneOldDay(dataset, async (prune) => {
      bench.progress('pruning');
      const before = readUsage(roles);
      const began = performance.now();
      await prune();
      const ms = performance.now() - began;
      result = {
        rate: 1000 / ms,
        count: 1,
        seconds: ms / 1000,
        p50Ms: ms,
        p99Ms: ms,
        usage: usageSince(before, readUsage(roles), roles),
        figures: {},
        warnings: [],
      };
    });
    if (result === undefined) throw new Error('nothing was pruned');
    return { ...result, figures: { 'rows of the day': rows, 'rows beside it': dataset.description.rows } };
  } finally {
    await dataset.close();
  }
}

/** A day is dropped as a whole: how many rows it has, or how many there are beside it, must not matter. */
export const prune: Scenario = {
  name: 'prune',
  title: 'A day dropped from a long history',
  unit: 'days/s',
  thing: 'day',
  controls: [],
  subjects: () => [{ name: 'a day', measure: measurePrune }],
};
