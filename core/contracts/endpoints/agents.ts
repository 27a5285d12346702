import { z } from 'zod';
import { agentChangesSchema, agentSchema, SPARK_POINTS, type Agent, type AgentChanges } from '../agents.ts';
import { endpoint } from '../endpoint.ts';
import {
  agentPageSchema,
  agentsQuerySchema,
  forgetAgentsSchema,
  forgettingSchema,
  forgottenAgentsSchema,
} from '../fleet.ts';
import { agentIdSchema } from '../snapshot.ts';
import { NEEDS_POSTGRES, OPERATOR_ONLY } from './answers.ts';

const paramsSchema = z.object({ id: agentIdSchema });

const EXAMPLE: Agent = {
  id: 'web-01',
  name: 'Checkout, Frankfurt',
  labels: { env: 'prod', role: 'web' },
  state: 'online',
  first_seen: 1763990000,
  last_seen: 1764040332,
  interval_seconds: 2,
  clock_skew_seconds: 0,
  latest: {
    timestamp: 1764040332,
    total_cpu_percent: 45.2,
    system_memory_used_mb: 8000.5,
    system_memory_total_mb: 16000,
    top_process: { name: 'chrome.exe', cpu_percent: 15.5 },
  },
  sparkline: Array.from({ length: SPARK_POINTS }, (_, i) => (i < 3 ? null : 40 + ((i * 7) % 13))),
};

const CHANGES_EXAMPLE: AgentChanges = {
  name: 'Checkout, Frankfurt',
  labels: { env: 'prod', role: 'web', rack: null },
};

/** The fleet. */
export const agentEndpoints = {
  list: endpoint({
    method: 'get',
    path: '/api/agents',
    summary: 'Every agent: whether it reports, what it measured last, and the last five minutes',
    tag: 'fleet',
    query: agentsQuerySchema,
    answers: {
      200: {
        description: 'A page of agents; next_cursor is null on the last one',
        schema: agentPageSchema,
        example: { agents: [EXAMPLE], next_cursor: null },
      },
      ...NEEDS_POSTGRES,
    },
  }),
  get: endpoint({
    method: 'get',
    path: '/api/agents/:id',
    summary: 'One agent',
    tag: 'fleet',
    params: paramsSchema,
    answers: {
      200: { description: 'As in the list', schema: agentSchema, example: EXAMPLE },
      404: { description: 'It never reported, or was forgotten' },
      ...NEEDS_POSTGRES,
    },
  }),
  change: endpoint({
    method: 'patch',
    path: '/api/agents/:id',
    summary: 'Name an agent, or label it',
    tag: 'fleet',
    params: paramsSchema,
    body: agentChangesSchema,
    bodyExample: CHANGES_EXAMPLE,
    answers: {
      200: { description: 'The agent as it is now', schema: agentSchema, example: EXAMPLE },
      ...OPERATOR_ONLY,
      404: { description: 'It never reported, or was forgotten' },
      ...NEEDS_POSTGRES,
    },
  }),
  forget: endpoint({
    method: 'delete',
    path: '/api/agents/:id',
    summary: 'Forget an agent',
    description:
      'Drops everything that was received of it until now: name, labels, state, recent snapshots, alerts, history, ' +
      'and what of it still waits in a queue. It is out of the list at once; its history goes piece by piece. Alert events ' +
      'stay for as long as events are kept. An agent that goes on reporting is a new one from its next snapshot on: stop ' +
      'it first, or revoke its token.',
    tag: 'fleet',
    params: paramsSchema,
    answers: {
      202: {
        description: 'Out of the list; the rest is being done',
        schema: forgettingSchema,
        example: { status: 'forgetting', id: 'web-01' },
      },
      ...OPERATOR_ONLY,
      404: { description: 'It never reported, or was forgotten' },
      ...NEEDS_POSTGRES,
    },
  }),
  forgetMany: endpoint({
    method: 'post',
    path: '/api/agents/forget',
    summary: 'Forget many agents',
    description:
      'Each as by itself: those in this state, last seen so long ago. The longest silent ones first, up to `limit` of them; ' +
      'ask again until none is left.',
    tag: 'fleet',
    body: forgetAgentsSchema,
    bodyExample: {
      state: 'offline',
      older_than_seconds: 604800,
      labels: { env: 'test' },
      limit: 100,
      dry_run: true,
    },
    answers: {
      200: {
        description: 'Out of the list; the rest is being done. With dry_run: what would be',
        schema: forgottenAgentsSchema,
        example: { agents: ['web-01', 'web-02'], matching: 2 },
      },
      ...OPERATOR_ONLY,
      ...NEEDS_POSTGRES,
    },
  }),
};
