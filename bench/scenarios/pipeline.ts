import { measureAcknowledged, measurePipeline } from '../measure.ts';
import type { Scenario } from '../scenario.ts';

/** What the machine can keep up for ever: acknowledged and stored everywhere, with a backlog that does not grow. */
export const pipeline: Scenario = {
  name: 'pipeline',
  title: 'Stored in Redis and PostgreSQL, backlog not growing',
  unit: 'snapshots/s',
  thing: 'snapshot',
  controls: ['koa', 'naive'],
  subjects: () => [
    { name: 'topline', measure: (bench) => measurePipeline(bench, { kind: 'topline' }) },
    { name: 'naive', measure: (bench) => measurePipeline(bench, { kind: 'naive' }) },
    { name: 'koa', measure: (bench) => measureAcknowledged(bench, { kind: 'koa' }) },
  ],
};
