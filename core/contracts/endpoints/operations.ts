import { z } from 'zod';
import { auditPageSchema, auditQuerySchema } from '../alerting/views.ts';
import { endpoint } from '../endpoint.ts';
import { healthSchema } from '../health.ts';
import { operationsSchema } from '../operations.ts';
import { OPERATOR_ONLY } from './answers.ts';

const readySchema = z.object({ status: z.literal('ready') }).meta({ id: 'Ready' });
const liveSchema = z.object({ status: z.literal('alive') }).meta({ id: 'Alive' });

/** What probes, scrapers and people ask about the service itself. */
export const operationEndpoints = {
  audit: endpoint({
    method: 'get',
    path: '/api/audit',
    summary: 'What was changed by hand, newest first',
    tag: 'operations',
    query: auditQuerySchema,
    answers: {
      200: {
        description: 'A page of entries; next_cursor is null on the last one',
        schema: auditPageSchema,
        example: {
          entries: [
            {
              id: '42',
              at_ms: 1764040342120,
              role: 'operator',
              address: '192.0.2.7',
              by: null,
              action: 'channel.changed',
              target: 'ops-hook',
              detail: {
                name: 'Ops, on call',
                target: { kind: 'webhook', url: 'https://hooks.example.com/topline' },
                secrets: ['secret'],
              },
            },
          ],
          next_cursor: '42',
        },
      },
      ...OPERATOR_ONLY,
      503: { description: 'POSTGRES_DSN is not set, or PostgreSQL is out of reach' },
    },
  }),
  health: endpoint({
    method: 'get',
    path: '/health',
    summary: 'Connection to each store; always 200',
    tag: 'operations',
    answers: {
      200: {
        description: 'ok, or degraded where a configured store is out of reach',
        schema: healthSchema,
      },
    },
  }),
  live: endpoint({
    method: 'get',
    path: '/livez',
    summary: 'Whether the process runs; asks nothing outside',
    tag: 'operations',
    answers: { 200: { description: 'It does', schema: liveSchema } },
  }),
  ready: endpoint({
    method: 'get',
    path: '/readyz',
    summary: 'Whether a snapshot would be taken now: writes to Redis',
    tag: 'operations',
    answers: {
      200: { description: 'Ready', schema: readySchema },
      503: { description: 'Starting, draining, or Redis does not take a write' },
    },
  }),
  metrics: endpoint({
    method: 'get',
    path: '/metrics',
    summary: 'Metrics of this process and of the queues, for Prometheus',
    tag: 'operations',
    answers: { 200: { description: 'Prometheus text format', contentType: 'text/plain' } },
  }),
  operations: endpoint({
    method: 'get',
    path: '/api/operations',
    summary: 'How the service does: stores, queues, nodes, what arrives',
    description:
      'The same as /health and /metrics, as JSON and of all API nodes. Asked often, it answers with figures that are up to a second old.',
    tag: 'operations',
    answers: {
      200: { description: 'Also while a store is away: `health` tells which', schema: operationsSchema },
    },
  }),
};
