import { endpoint } from '../endpoint.ts';
import { historyQuerySchema, historySchema, metricsAtQuerySchema, metricsAtSchema } from '../history.ts';
import { NEEDS_HISTORY } from './answers.ts';

/** What hosts did. */
export const historyEndpoints = {
  metrics: endpoint({
    method: 'get',
    path: '/api/metrics/history',
    summary: 'CPU and memory over any range, of one host or of many',
    description:
      'The range is made longer to whole steps since 1970 (UTC). p95 is exact on a grid: tenths of a point for CPU, 0.2 % ' +
      'for memory, rounded up. Of many hosts, steps are minutes at least, and whole hours in a range of more than six.',
    tag: 'history',
    query: historyQuerySchema,
    examples: {
      lastHour: { summary: 'The last hour of one host', query: { agent: 'web-01' } },
      lastDay: {
        summary: 'A day of it in steps of five minutes, core by core',
        query: { agent: 'web-01', from: '-24h', to: 'now', step: '5m', cores: 'true' },
      },
      fleet: { summary: 'All hosts together, hour by hour', query: { from: '-24h', to: 'now', step: '1h' } },
    },
    answers: {
      200: {
        description: 'Of one host, or of many together',
        schema: historySchema,
      },
      ...NEEDS_HISTORY,
    },
  }),
  at: endpoint({
    method: 'get',
    path: '/api/metrics/at',
    summary: 'The snapshot in force at a moment, with its processes',
    description: 'The newest one at or before it.',
    tag: 'history',
    query: metricsAtQuerySchema,
    examples: {
      now: { summary: 'The newest', query: { agent: 'web-01', time: 'now' } },
      earlier: { summary: 'Five minutes ago', query: { agent: 'web-01', time: '-5m' } },
    },
    answers: {
      200: { description: 'The snapshot, and how old it was', schema: metricsAtSchema },
      404: { description: 'The agent has none at or before that moment' },
      ...NEEDS_HISTORY,
    },
  }),
};
