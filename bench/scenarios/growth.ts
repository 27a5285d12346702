import { measurePipeline } from '../measure.ts';
import type { Scenario } from '../scenario.ts';

const named = (agents: number) => `${agents.toLocaleString('en-US')} agents`;

/** What a snapshot costs must not depend on how many others send, too. */
export const growth: Scenario = {
  name: 'growth',
  title: 'Stored, from more and more agents at one total load',
  unit: 'snapshots/s',
  thing: 'snapshot',
  controls: [named(10)],
  subjects: () =>
    [10, 100, 1_000, 10_000].map((agents) => ({
      name: named(agents),
      measure: (bench) => measurePipeline(bench, { kind: 'topline' }, { agents }),
    })),
};
