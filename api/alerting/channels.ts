import { z } from 'zod';
import { channelIdSchema } from '../../core/contracts/alerting/notification.ts';
import {
  channelListSchema,
  channelViewSchema,
  type ChannelList,
  type ChannelView,
} from '../../core/contracts/alerting/views.ts';
import { NotFoundError } from '../../core/errors.ts';
import type { Alerting } from './alerting.ts';
import { channelView } from './channelView.ts';
import { listChannels } from './entries.ts';
import { validate } from '../http/validation.ts';
import { setVersion } from './changes.ts';
import type { Route } from '../http/route.ts';

export const channelParamsSchema = z.object({ id: channelIdSchema });

export const CHANNEL_EXAMPLE: ChannelView = {
  id: 'ops-hook',
  name: 'Ops, on call',
  kind: 'webhook',
  target: { kind: 'webhook', url: 'https://hooks.example.com/topline' },
  secrets: ['secret'],
  version: 1,
  source: 'api',
};

/** `GET /api/alert-channels`, and of one: where messages go, without what is secret. */
export function channelRoutes(alerting: Alerting): Route[] {
  return [
    {
      method: 'get',
      path: '/api/alert-channels',
      summary: 'Where messages about alerts go',
      description: 'Of the file first, then those made by request. What is secret is never given out.',
      tag: 'alerts',
      access: 'operator',
      answers: {
        200: {
          description: 'Every channel',
          schema: channelListSchema,
          example: { channels: [CHANNEL_EXAMPLE] } satisfies ChannelList,
        },
        403: { description: 'Only the operator may' },
        503: { description: 'A store is out of reach' },
      },
      async handle(ctx) {
        const channels = await listChannels(alerting);
        ctx.body = { channels: channels.map(channelView) } satisfies ChannelList;
      },
    },
    {
      method: 'get',
      path: '/api/alert-channels/:id',
      summary: 'One channel',
      tag: 'alerts',
      access: 'operator',
      params: channelParamsSchema,
      answers: {
        200: { description: 'As in the list', schema: channelViewSchema, example: CHANNEL_EXAMPLE },
        403: { description: 'Only the operator may' },
        404: { description: 'There is no such channel' },
        503: { description: 'A store is out of reach' },
      },
      async handle(ctx) {
        const { id } = validate(channelParamsSchema, ctx.params, 'path');
        const channel = (await listChannels(alerting)).find(({ body }) => body.id === id);
        if (channel === undefined) throw new NotFoundError(`There is no channel ${id}`);
        setVersion(ctx, channel.version);
        ctx.body = channelView(channel);
      },
    },
  ];
}
