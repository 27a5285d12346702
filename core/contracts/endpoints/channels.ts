import { z } from 'zod';
import {
  CHANNEL_SECRETS,
  channelIdSchema,
  channelSchema,
  deliverySchema,
  type Channel,
  type ChannelKind,
} from '../alerting/notification.ts';
import { channelListSchema, channelViewSchema, type ChannelView } from '../alerting/views.ts';
import { endpoint } from '../endpoint.ts';
import { NEEDS_POSTGRES, OPERATOR_ONLY, STORE_AWAY } from './answers.ts';
import { DELIVERY_EXAMPLE } from './deliveries.ts';
import { ifMatchSchema } from './ifMatch.ts';

const paramsSchema = z.object({ id: channelIdSchema });

/** A channel as it is changed. The whole of its target is only known, and checked, beside what is there now. */
const channelChangeSchema = z
  .strictObject({
    name: channelSchema.shape.name,
    target: z.looseObject({ kind: z.enum(Object.keys(CHANNEL_SECRETS) as ChannelKind[]) }).meta({
      description:
        'As of a new channel. Secret fields that are absent stay what they are while its kind, and the host that is told ' +
        'them, stay; null takes one away.',
    }),
  })
  .meta({ id: 'ChannelChange' });

export type ChannelChange = z.input<typeof channelChangeSchema>;

const EXAMPLE: ChannelView = {
  id: 'ops-hook',
  name: 'Ops, on call',
  kind: 'webhook',
  target: { kind: 'webhook', url: 'https://hooks.example.com/topline' },
  secrets: ['secret'],
  version: 1,
  source: 'api',
  health: {
    state: 'paused',
    at_ms: 1_707_667_200_000,
    paused_until_ms: 1_707_667_205_000,
    failures_in_a_row: 3,
    status: 503,
    detail: '503: down for maintenance',
  },
};

const NEW_EXAMPLE: Channel = {
  id: EXAMPLE.id,
  name: EXAMPLE.name,
  target: {
    kind: 'webhook',
    url: 'https://hooks.example.com/topline',
    secret: 'whsec_bm90IGEgc2VjcmV0LCBidXQgYW4gZXhhbXBsZQ==',
  },
};

const CHANGE_ANSWERS = {
  404: { description: 'There is no such channel' },
  412: { description: 'It has another version by now' },
  ...OPERATOR_ONLY,
  ...NEEDS_POSTGRES,
};

/** Where messages go, without what is secret. */
export const channelEndpoints = {
  list: endpoint({
    method: 'get',
    path: '/api/alert-channels',
    summary: 'Where messages about alerts go',
    description: 'Of the file first, then those made by request. What is secret is never given out.',
    tag: 'alerts',
    answers: {
      200: {
        description: 'Every channel',
        schema: channelListSchema,
        example: { channels: [EXAMPLE] },
      },
      ...OPERATOR_ONLY,
      ...STORE_AWAY,
    },
  }),
  get: endpoint({
    method: 'get',
    path: '/api/alert-channels/:id',
    summary: 'One channel',
    tag: 'alerts',
    params: paramsSchema,
    answers: {
      200: { description: 'As in the list', schema: channelViewSchema, example: EXAMPLE },
      ...OPERATOR_ONLY,
      404: { description: 'There is no such channel' },
      ...STORE_AWAY,
    },
  }),
  create: endpoint({
    method: 'post',
    path: '/api/alert-channels',
    summary: 'Make a channel',
    description:
      'An address in a private network is refused unless ALERT_ALLOWED_HOSTS names it; where a name leads is looked up when ' +
      'a message is sent: `POST /api/alert-channels/{id}/test` says at once.',
    tag: 'alerts',
    body: channelSchema,
    bodyExample: NEW_EXAMPLE,
    answers: {
      201: {
        description: 'The channel, without its secrets',
        schema: channelViewSchema,
        example: EXAMPLE,
      },
      409: { description: 'There is one of this id, here or in ALERT_RULES_FILE' },
      ...OPERATOR_ONLY,
      ...NEEDS_POSTGRES,
    },
  }),
  replace: endpoint({
    method: 'put',
    path: '/api/alert-channels/:id',
    summary: 'Change a channel',
    tag: 'alerts',
    params: paramsSchema,
    headers: ifMatchSchema,
    body: channelChangeSchema,
    bodyExample: { name: EXAMPLE.name, target: { kind: 'webhook', url: 'https://hooks.example.com/other' } },
    answers: {
      200: {
        description: 'The channel as it is now, without its secrets',
        schema: channelViewSchema,
        example: EXAMPLE,
      },
      409: { description: 'It comes from ALERT_RULES_FILE' },
      ...CHANGE_ANSWERS,
    },
  }),
  remove: endpoint({
    method: 'delete',
    path: '/api/alert-channels/:id',
    summary: 'Delete a channel',
    tag: 'alerts',
    params: paramsSchema,
    headers: ifMatchSchema,
    answers: {
      204: { description: 'It is gone, and its secrets with it' },
      409: { description: 'Routes still use it, or it comes from ALERT_RULES_FILE' },
      ...CHANGE_ANSWERS,
    },
  }),
  test: endpoint({
    method: 'post',
    path: '/api/alert-channels/:id/test',
    summary: 'Send a test message to a channel',
    description:
      'Tries once, also a channel that failed before, and answers with what became of it: up to 10 s later.',
    tag: 'alerts',
    params: paramsSchema,
    answers: {
      200: {
        description: 'What became of it: delivered, or failed with the reason in detail',
        schema: deliverySchema,
        example: { ...DELIVERY_EXAMPLE, route_id: null, kind: 'test' as const, alert_ids: ['test:5f2b'] },
      },
      ...OPERATOR_ONLY,
      404: { description: 'There is no such channel' },
      503: { description: 'No worker sent it in time, or Redis is out of reach' },
    },
  }),
};
