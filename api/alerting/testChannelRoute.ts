import { z } from 'zod';
import { channelIdSchema, deliverySchema } from '../../core/contracts/alerting/notification.ts';
import { NotFoundError } from '../../core/errors.ts';
import type { AuditStore } from '../../core/stores/postgres/audit.ts';
import { nowSeconds } from '../../core/time.ts';
import type { AlertingSettingsAccess } from './settings.ts';
import type { ChannelTest } from './testChannel.ts';
import { validate } from '../http/validation.ts';
import { auditLine, recordDone } from '../http/auditTrail.ts';
import { DELIVERY_EXAMPLE } from './deliveries.ts';
import type { Route } from '../http/route.ts';

const paramsSchema = z.object({ id: channelIdSchema });

export interface TestChannelOptions {
  settings: Pick<AlertingSettingsAccess, 'read'>;
  testChannel: ChannelTest;
  /** Undefined where nothing is kept. */
  audit: AuditStore | undefined;
}

/** `POST /api/alert-channels/:id/test`: whether a channel works, tried at once. */
export function testChannelRoute({ settings, testChannel, audit }: TestChannelOptions): Route {
  return {
    method: 'post',
    path: '/api/alert-channels/:id/test',
    summary: 'Send a test message to a channel',
    description:
      'Tries once, also a channel that failed before, and answers with what became of it: up to 10 s later.',
    tag: 'alerts',
    access: 'operator',
    params: paramsSchema,
    answers: {
      200: {
        description: 'What became of it: delivered, or failed with the reason in detail',
        schema: deliverySchema,
        example: { ...DELIVERY_EXAMPLE, route_id: null, kind: 'test' as const, alert_ids: ['test:5f2b'] },
      },
      403: { description: 'Only the operator may' },
      404: { description: 'There is no such channel' },
      503: { description: 'No worker sent it in time, or Redis is out of reach' },
    },
    async handle(ctx) {
      const { id } = validate(paramsSchema, ctx.params, 'path');
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
      ctx.body = delivery;
    },
  };
}
