import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { labelsTextSchema } from '../labels.ts';
import {
  acceptedSchema,
  agentIdSchema,
  batchAcceptedSchema,
  batchSchema,
  snapshotSchema,
} from '../snapshot.ts';

export const agentHeadersSchema = z.object({
  'X-Agent-Id': agentIdSchema.optional(),
  'X-Agent-Labels': labelsTextSchema.optional().meta({
    description:
      'What the agent says of itself, to sort it by. An empty one takes back what it said; what the operator says wins.',
  }),
  'X-Agent-Token': z.string().optional().meta({
    description:
      'The token of this agent, or AGENT_API_TOKEN. Needed where AGENT_API_TOKEN is set, and by an agent that has one of its own.',
  }),
});

const linesSchema = z.string().meta({
  description: 'NDJSON: a snapshot a line, as in the array; blank lines are left out.',
  example:
    '{"timestamp":1707662400,"total_cpu_percent":45.2}\n{"timestamp":1707662402,"total_cpu_percent":47}\n',
});

/** What agents ask. */
export const ingestEndpoints = {
  snapshot: endpoint({
    method: 'post',
    path: '/ingest/metrics',
    summary: 'Hand in a snapshot',
    tag: 'ingest',
    headers: agentHeadersSchema,
    body: snapshotSchema,
    answers: {
      200: { description: 'Taken: it will be in every store, once.', schema: acceptedSchema },
      403: { description: 'The token is that of another agent' },
      429: { description: 'More than the agent may send, or a new agent too many; see Retry-After' },
      503: { description: 'The queue cannot take it now; see Retry-After' },
    },
  }),
  batch: endpoint({
    method: 'post',
    path: '/ingest/metrics/batch',
    summary: 'Hand in many snapshots of one agent at once',
    description:
      'What an agent kept while it was cut off, at most 1,000 snapshots and 2 MB, all of them or none. It counts as one ' +
      'request of the rate limit. A snapshot more than 10 seconds behind the newest of them, or behind now, is stored ' +
      'without going out on the live channels; one more than 15 minutes behind fires no alert. `detail` names a bad ' +
      'snapshot by its index, or by its line, both from 0.',
    tag: 'ingest',
    headers: agentHeadersSchema,
    body: batchSchema,
    bodyAlsoAs: { 'application/x-ndjson': linesSchema, 'application/ndjson': linesSchema },
    answers: {
      200: {
        description:
          'Taken: all of them will be in every store, once, but for those that are older than it keeps.',
        schema: batchAcceptedSchema,
      },
      403: { description: 'The token is that of another agent' },
      413: { description: 'More than 1,000 snapshots, or than 2 MB' },
      415: { description: 'Neither JSON nor NDJSON' },
      429: { description: 'More requests than the agent may send, or a new agent too many; see Retry-After' },
      503: { description: 'The queue cannot take them now; see Retry-After' },
    },
  }),
};
