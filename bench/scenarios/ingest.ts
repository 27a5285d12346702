import { measureAcknowledged } from '../measure.ts';
import type { Scenario } from '../scenario.ts';

/** What a sender notices: how many snapshots are acknowledged, whatever waits behind them. */
export const ingest: Scenario = {
  name: 'ingest',
  title: 'Acknowledged, with every connection busy',
  unit: 'snapshots/s',
  thing: 'snapshot',
  controls: ['koa', 'naive'],
  subjects: () => [
    { name: 'topline', measure: (bench) => measureAcknowledged(bench, { kind: 'topline' }) },
    { name: 'naive', measure: (bench) => measureAcknowledged(bench, { kind: 'naive' }) },
    { name: 'koa', measure: (bench) => measureAcknowledged(bench, { kind: 'koa' }) },
    {
      name: 'topline, workers off',
      measure: (bench) => measureAcknowledged(bench, { kind: 'topline', workers: false }),
    },
    {
      name: 'naive, workers off',
      measure: (bench) => measureAcknowledged(bench, { kind: 'naive', workers: false }),
    },
  ],
};
