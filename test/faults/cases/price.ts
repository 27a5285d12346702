import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onStand, type FaultCase } from '../case.ts';
import { readLedger, type Timing } from '../ledger.ts';
import { quantile } from '../redoTimes.ts';

/** More than the service can take, so that it is never the client that waits. */
const NO_LIMIT = 100_000;

/** Always the same order of the two, so that what warms up or fills up meanwhile falls on both. */
const ROUNDS = 3;
const POLICIES = ['always', 'everysec'] as const;

const FLUSHES = 300;

/** What one append with its flush takes on this disk, in ms: the price has to be read beside it. */
function medianFlushMs(directory: string): number {
  const path = join(directory, 'flush-probe');
  const file = openSync(path, 'w');
  const chunk = Buffer.alloc(4_096);
  try {
    const times = Array.from({ length: FLUSHES }, () => {
      const began = performance.now();
      writeSync(file, chunk);
      fdatasyncSync(file);
      return performance.now() - began;
    });
    return quantile(times, 0.5);
  } finally {
    closeSync(file);
    rmSync(path);
  }
}

const median = (values: readonly number[]) => quantile(values, 0.5);

/** A measurement, no fault: what `appendfsync always` costs beside `everysec`, at saturation. */
export const price: FaultCase = {
  row: 'price',
  name: 'appendfsync always beside everysec, in turns under the same load (a measurement)',
  run: (context) =>
    onStand(context, { apis: 1 }, async (stand, { figures }) => {
      const seconds = context.quick ? 4 : 10;
      figures['flush ms'] = medianFlushMs(context.ground.directory).toFixed(2);
      const load = stand.startLoad({ agents: 60, lanes: 2, perSecond: NO_LIMIT });
      load.phase('warming up');
      await delay(seconds * 1_000);
      const lasted = new Map<string, number>();
      for (let round = 1; round <= ROUNDS; round += 1) {
        for (const policy of POLICIES) {
          // What the turn before left behind is not this one's to carry.
          load.setRate(0);
          await stand.untilDrained(120_000);
          await stand.admin.config('SET', 'appendfsync', policy);
          const phase = `${policy} ${round}`;
          context.progress(`${phase} of ${ROUNDS}, ${load.tally.acknowledged} acknowledged`);
          load.phase(phase);
          load.setRate(NO_LIMIT);
          const began = performance.now();
          await delay(seconds * 1_000);
          load.setRate(0);
          lasted.set(phase, (performance.now() - began) / 1_000);
        }
      }
      await load.finish();
      const { timings } = await readLedger([load.ledgerFile]);
      const rates = (policy: string) =>
        [...lasted]
          .filter(([phase]) => phase.startsWith(policy))
          .map(([phase, time]) => (timings.get(phase)?.byStatus['200'] ?? 0) / time);
      const times = (policy: string, of: keyof Pick<Timing, 'p50' | 'p99'>) =>
        [...lasted.keys()]
          .filter((phase) => phase.startsWith(policy))
          .map((phase) => (timings.get(phase)?.[of] ?? 0).toFixed(0))
          .join(', ');
      for (const policy of POLICIES) {
        const all = rates(policy).map((rate) => rate.toFixed(0));
        figures[policy] =
          `${median(rates(policy)).toFixed(0)}/s (${all.join(', ')}), p50 ${times(policy, 'p50')} ms, p99 ${times(policy, 'p99')} ms`;
      }
      figures['always to everysec'] = (median(rates('always')) / median(rates('everysec'))).toFixed(2);
    }),
};
