import { measureAcknowledged, measurePipeline } from '../measure.ts';
import type { Bench, Scenario } from '../scenario.ts';

/** Whether a second API process adds what it should. On two cores, which the load shares, it cannot add much. */
export const nodes: Scenario = {
  name: 'nodes',
  title: 'One API process and two',
  unit: 'snapshots/s',
  thing: 'snapshot',
  controls: ['1 API'],
  subjects: () => [
    ...[1, 2].map((apis) => ({
      name: apis === 1 ? '1 API' : `${apis} APIs`,
      measure: (bench: Bench) => measurePipeline(bench, { kind: 'topline', apis }),
    })),
    ...[1, 2].map((apis) => ({
      name: `${apis === 1 ? '1 API' : `${apis} APIs`}, acknowledged, workers off`,
      measure: (bench: Bench) => measureAcknowledged(bench, { kind: 'topline', apis, workers: false }),
    })),
  ],
};
