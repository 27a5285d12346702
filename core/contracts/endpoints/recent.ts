import { endpoint } from '../endpoint.ts';
import {
  recentAlertsQuerySchema,
  recentAlertsSchema,
  recentSnapshotsQuerySchema,
  recentSnapshotsSchema,
} from '../recent.ts';

/** The last minutes, as Redis has them. */
export const recentEndpoints = {
  snapshots: endpoint({
    method: 'get',
    path: '/api/metrics/recent',
    summary: 'Snapshots of the last minutes, oldest first',
    tag: 'reads',
    query: recentSnapshotsQuerySchema,
    examples: {
      ofOne: { summary: 'Of one host', query: { agent: 'web-01' } },
    },
    answers: {
      200: {
        description: 'Of one agent, of those with a label, or of all of them',
        schema: recentSnapshotsSchema,
      },
      503: {
        description:
          'A store is out of reach, a label is asked for and POSTGRES_DSN is not set, or too many ask for many hosts at ' +
          'once; see Retry-After',
      },
    },
  }),
  alerts: endpoint({
    method: 'get',
    path: '/api/alerts/recent',
    summary: 'Alert events of the last minutes, oldest first',
    tag: 'reads',
    query: recentAlertsQuerySchema,
    examples: {
      lastDay: { summary: 'The last day', query: { minutes: '1440' } },
    },
    answers: {
      200: { description: 'Firing events', schema: recentAlertsSchema },
      422: { description: 'minutes is not a whole number from 1 to 1440' },
      503: { description: 'A store is out of reach, or a label is asked for and POSTGRES_DSN is not set' },
    },
  }),
};
