import { z } from 'zod';
import { silenceBodySchema, silenceSchema } from '../alerting/silence.ts';
import {
  silenceListSchema,
  silencesQuerySchema,
  silenceViewSchema,
  type SilenceView,
} from '../alerting/views.ts';
import { endpoint } from '../endpoint.ts';
import { NEEDS_POSTGRES, OPERATOR_ONLY } from './answers.ts';

const paramsSchema = z.object({ id: silenceSchema.shape.id });

const EXAMPLE: SilenceView = {
  id: '0b3f8a52-3c11-4a7e-9d0f-2f6f1f0f7c11',
  match: { agents: ['web-*'], labels: {}, rules: [], severities: [] },
  starts_at: 1764040332,
  ends_at: 1764043932,
  author: 'Ada',
  comment: 'New kernel',
  state: 'active',
};

/** What nothing is told of for a while. */
export const silenceEndpoints = {
  list: endpoint({
    method: 'get',
    path: '/api/silences',
    summary: 'Silences, those that end last first',
    tag: 'alerts',
    query: silencesQuerySchema,
    answers: {
      200: {
        description: 'Those that are not over, or all that are kept',
        schema: silenceListSchema,
        example: { silences: [EXAMPLE] },
      },
      ...NEEDS_POSTGRES,
    },
  }),
  create: endpoint({
    method: 'post',
    path: '/api/silences',
    summary: 'Silence alerts for a while',
    description: 'They fire all the same, and are told of when the silence is over and they still do.',
    tag: 'alerts',
    body: silenceBodySchema,
    bodyExample: {
      match: { agents: ['web-*'], labels: {}, rules: [], severities: [] },
      ends_at: 1764043932,
      author: 'Ada',
      comment: 'New kernel',
    },
    answers: {
      201: { description: 'The silence', schema: silenceViewSchema, example: EXAMPLE },
      ...OPERATOR_ONLY,
      ...NEEDS_POSTGRES,
    },
  }),
  expire: endpoint({
    method: 'delete',
    path: '/api/silences/:id',
    summary: 'End a silence now',
    tag: 'alerts',
    params: paramsSchema,
    answers: {
      200: {
        description: 'The silence, which is over',
        schema: silenceViewSchema,
        example: { ...EXAMPLE, state: 'over' },
      },
      404: { description: 'There is none' },
      ...OPERATOR_ONLY,
      ...NEEDS_POSTGRES,
    },
  }),
};
