import { expect, test } from '@jest/globals';
import type { QueuedMessage } from '../../../../core/contracts/alerting/notice.ts';
import type { Delivery } from '../../../../core/contracts/alerting/notification.ts';
import { createLogger } from '../../../../core/platform/logger.ts';
import { createMetrics } from '../../../../core/platform/metrics.ts';
import { Circuits } from '../../../../workers/deliver/circuits.ts';
import { deliver, type DeliverDependencies } from '../../../../workers/deliver/deliver.ts';
import { createDeliveryMetrics } from '../../../../workers/deliver/deliveryMetrics.ts';
import { alert } from '../../../support/alerts.ts';

const MESSAGE: QueuedMessage = {
  id: '0'.repeat(32),
  channel_id: 'ops',
  notice: { kind: 'firing', route_id: 'all', group: '', alerts: [alert()], decided_at_ms: 1 },
};

test('a message whose sender died before it said so is not sent again, and stands in the log as it was delivered', async () => {
  const reported: Delivery[] = [];
  const known = new Map<string, Delivery>();
  let sent = 0;
  let isDying = true;
  const circuits = new Circuits();
  const deps: DeliverDependencies = {
    findChannel: async () => ({
      id: 'ops',
      name: 'Ops',
      target: { kind: 'slack', url: 'http://127.0.0.1:9' },
    }),
    async send() {
      sent += 1;
      return { result: 'delivered', status: 204 };
    },
    circuits,
    health: {
      put: async () => undefined,
      find: async () => undefined,
      reopen: async () => undefined,
      openings: async () => 0,
    },
    order: { begin: async () => ({ stale: new Set() }), end: async () => undefined },
    wake: async () => undefined,
    delivered: {
      find: async (id) => known.get(id),
      add: async (delivery) => void known.set(delivery.id, delivery),
      parts: async () => new Map(),
      addParts: async () => undefined,
      dropParts: async () => undefined,
    },
    async report(delivery) {
      if (isDying) throw new Error('as if killed');
      reported.push(delivery);
    },
    publicUrl: undefined,
    metrics: createDeliveryMetrics(createMetrics(), circuits),
    log: createLogger({ level: 'silent', name: 'test' }),
  };
  const job = { attempt: 1, isLastAttempt: false, addedAtMs: Date.now() };
  await expect(deliver(MESSAGE, { ...job }, deps)).rejects.toThrow('as if killed');
  isDying = false;
  await deliver(MESSAGE, { ...job, attempt: 2 }, deps);
  expect(sent).toBe(1);
  expect(reported).toEqual([expect.objectContaining({ id: MESSAGE.id, state: 'delivered', attempts: 1 })]);
});
