import { NotFoundError } from '../../core/errors.ts';
import { channelEndpoints } from '../../core/contracts/endpoints/channels.ts';
import { route, type Route } from '../http/route.ts';
import type { Alerting } from './alerting.ts';
import { channelView } from './channelView.ts';
import { listChannels } from './entries.ts';
import { setVersion } from './changes.ts';

/** `GET /api/alert-channels`, and of one: where messages go, without what is secret. */
export function channelRoutes(alerting: Alerting): Route[] {
  return [
    route(channelEndpoints.list, {
      access: 'operator',
      async handle() {
        const channels = await listChannels(alerting);
        return { channels: channels.map(channelView) };
      },
    }),
    route(channelEndpoints.get, {
      access: 'operator',
      async handle(request, ctx) {
        const { id } = request.params();
        const channel = (await listChannels(alerting)).find(({ body }) => body.id === id);
        if (channel === undefined) throw new NotFoundError(`There is no channel ${id}`);
        setVersion(ctx, channel.version);
        return channelView(channel);
      },
    }),
  ];
}
