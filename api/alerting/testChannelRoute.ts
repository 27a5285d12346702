import { NotFoundError } from '../../core/errors.ts';
import { channelEndpoints } from '../../core/contracts/endpoints/channels.ts';
import type { AuditStore } from '../../core/stores/postgres/audit.ts';
import { nowSeconds } from '../../core/time.ts';
import { auditLine, recordDone } from '../http/auditTrail.ts';
import { route, type Route } from '../http/route.ts';
import type { AlertingSettingsAccess } from './settings.ts';
import type { ChannelTest } from './testChannel.ts';

export interface TestChannelOptions {
  settings: Pick<AlertingSettingsAccess, 'read'>;
  testChannel: ChannelTest;
  /** Undefined where nothing is kept. */
  audit: AuditStore | undefined;
}

/** `POST /api/alert-channels/:id/test`: whether a channel works, tried at once. */
export function testChannelRoute({ settings, testChannel, audit }: TestChannelOptions): Route {
  return route(channelEndpoints.test, {
    access: 'operator',
    async handle(request, ctx) {
      const { id } = request.params();
      const { channels } = await settings.read();
      if (!channels.some((channel) => channel.id === id))
        throw new NotFoundError(`There is no channel ${id}`);
      const delivery = await testChannel(id, nowSeconds() * 1000);
      ctx.state.log.info({ ...auditLine(ctx), channel: id, state: delivery.state }, 'channel tested');
      await recordDone(ctx, audit, {
        action: 'channel.tested',
        target: id,
        detail: { state: delivery.state, status: delivery.status },
      });
      return delivery;
    },
  });
}
