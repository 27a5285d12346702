import { endpoint } from '../endpoint.ts';
import {
  CPU_SECONDS_ESTIMATE,
  processHistoryQuerySchema,
  processHistorySchema,
  processSearchQuerySchema,
  processSearchSchema,
  topProcessesQuerySchema,
  topProcessesSchema,
} from '../processes.ts';
import { NEEDS_HISTORY } from './answers.ts';

/** What processes did. */
export const processEndpoints = {
  top: endpoint({
    method: 'get',
    path: '/api/processes/top',
    summary: 'Which processes used the most in a range, by name',
    description:
      `${CPU_SECONDS_ESTIMATE} Of one host the range is what is asked for, to the second; of many it is made longer to ` +
      'whole minutes, and to whole hours where it is longer than one.',
    tag: 'history',
    query: topProcessesQuerySchema,
    examples: {
      lastHour: { summary: 'The last hour of one host', query: { agent: 'web-01' } },
      lastWeek: {
        summary: 'The five that used the most memory of it in a week',
        query: { agent: 'web-01', from: '-7d', to: 'now', by: 'memory', limit: '5' },
      },
      fleet: { summary: 'A day of all hosts', query: { from: '-24h', to: 'now', by: 'cpu' } },
      fleetNow: { summary: 'Half an hour of all hosts', query: { from: '-30m' } },
    },
    answers: {
      200: { description: 'Highest first', schema: topProcessesSchema },
      ...NEEDS_HISTORY,
    },
  }),
  history: endpoint({
    method: 'get',
    path: '/api/processes/history',
    summary: 'CPU, memory and I/O of the processes of one name, over any range',
    description: CPU_SECONDS_ESTIMATE,
    tag: 'history',
    query: processHistoryQuerySchema,
    examples: {
      lastHour: { summary: 'The last hour', query: { agent: 'web-01', name: 'node' } },
      lastDay: {
        summary: 'A day, hour by hour',
        query: { agent: 'web-01', name: 'node', from: '-24h', to: 'now', step: '1h' },
      },
    },
    answers: {
      200: { description: 'What was measured', schema: processHistorySchema },
      ...NEEDS_HISTORY,
    },
  }),
  search: endpoint({
    method: 'get',
    path: '/api/processes/search',
    summary: 'On which hosts a process ran, and when',
    description: 'In order of agent and name. The range is made longer to whole hours.',
    tag: 'history',
    query: processSearchQuerySchema,
    examples: {
      lastWeek: { summary: 'Where node ran in the last week', query: { name: 'node' } },
      prefix: {
        summary: 'Whatever begins with no, in a day',
        query: { name: 'no', match: 'prefix', from: '-24h', to: 'now', limit: '20' },
      },
    },
    answers: {
      200: { description: 'A line for each host and name', schema: processSearchSchema },
      ...NEEDS_HISTORY,
    },
  }),
};
