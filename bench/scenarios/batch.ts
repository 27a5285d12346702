import { measurePipeline } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { onlyWithRoute } from './onlyWithRoute.ts';

const PATH = '/ingest/metrics/batch';
const SNAPSHOTS_A_REQUEST = 500;

/** Requests of a MB each: few are enough to keep the service busy. */
const CONNECTIONS = 4;

/** What an agent that was away hands in at once. */
export const batch: Scenario = {
  name: 'batch',
  title: `Stored, ${SNAPSHOTS_A_REQUEST} snapshots a request`,
  unit: 'snapshots/s',
  thing: 'snapshot',
  controls: ['one a request'],
  subjects: () => [
    {
      name: `${SNAPSHOTS_A_REQUEST} a request`,
      measure: onlyWithRoute('post', PATH, (bench) =>
        measurePipeline(
          bench,
          { kind: 'topline' },
          { path: PATH, snapshotsARequest: SNAPSHOTS_A_REQUEST, connections: CONNECTIONS },
        ),
      ),
    },
    { name: 'one a request', measure: (bench) => measurePipeline(bench, { kind: 'topline' }) },
  ],
};
