import { letInWhatIsStored, measurementOf, measureWindow, withLoad } from '../measure.ts';
import type { Measurement } from '../results.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { median } from '../statistics.ts';
import { residentMb } from '../usage.ts';
import { readStored } from '../workerProgress.ts';

const LOOK_MS = 500;

/** So short that a run of minutes does not fill Redis, and snapshots go as fast as they come. */
const RETENTION_SECONDS = '60';

/** A run of ten minutes tells: `--only memory --rounds 1 --seconds 600`. */
export const memory: Scenario = {
  name: 'memory',
  title: 'Memory over time, while as much is stored as can be',
  unit: 'snapshots/s',
  thing: 'snapshot',
  controls: ['topline'],
  subjects: () => [{ name: 'topline', measure }],
};

function measure(bench: Bench): Promise<Measurement> {
  const options = { kind: 'topline', env: { RETENTION_SECONDS } } as const;
  return withLoad(bench, options, { onAllowance: true }, async (service, load) => {
    load.start();
    const looks: Record<'API' | 'worker', number[]> = { API: [], worker: [] };
    const looking = setInterval(() => {
      looks.API.push(residentMb(service.roles['api'] ?? []));
      looks.worker.push(residentMb(service.roles['worker'] ?? []));
    }, LOOK_MS);
    try {
      const { measured, usage } = await letInWhatIsStored(
        load,
        () => readStored(service.workerPort),
        () => measureWindow(bench, service, load),
      );
      const figures = Object.entries(looks).flatMap(([role, megabytes]) => courseOf(role, megabytes));
      return measurementOf(measured, usage, Object.fromEntries(figures), load);
    } finally {
      clearInterval(looking);
    }
  });
}

/** Garbage makes a saw of it: what tells is the middle of each tenth. */
function courseOf(role: string, megabytes: readonly number[]): [name: string, value: number][] {
  const tenth = Math.max(1, Math.floor(megabytes.length / 10));
  return [
    [`${role}, MB in the 2nd tenth`, median(megabytes.slice(tenth, 2 * tenth))],
    [`${role}, in the 6th`, median(megabytes.slice(5 * tenth, 6 * tenth))],
    [`${role}, in the last`, median(megabytes.slice(-tenth))],
  ];
}
