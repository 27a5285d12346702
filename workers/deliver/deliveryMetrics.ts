import { DURATION_BUCKETS, type Metrics } from '../../core/platform/metrics.ts';
import type { Circuits } from './circuits.ts';

/** What a process that delivers says of it. */
export type DeliveryMetrics = ReturnType<typeof createDeliveryMetrics>;

export function createDeliveryMetrics(metrics: Metrics, circuits: Circuits) {
  metrics.gauge(
    'topline_channel_circuit_open',
    '1 while nothing is sent to a channel, or only to try: it failed too often in a row, or asked for it. As this process sees it.',
    ['channel'],
    (gauge) => {
      gauge.reset();
      for (const channel of circuits.open(Date.now())) gauge.set({ channel }, 1);
    },
  );
  metrics.gauge(
    'topline_channel_unhealthy',
    '1 while a channel has not taken the last message, final refusals included. As this process sees it.',
    ['channel'],
    (gauge) => {
      gauge.reset();
      for (const channel of circuits.unhealthy()) gauge.set({ channel }, 1);
    },
  );
  return {
    attempts: metrics.counter(
      'topline_notifications_total',
      'Attempts to deliver a message, by the kind of channel, what it tells and what became of it.',
      ['channel', 'kind', 'outcome'],
    ),
    seconds: metrics.histogram('topline_delivery_seconds', 'Time one attempt took.', {
      labels: ['channel'],
      buckets: DURATION_BUCKETS,
    }),
    latency: metrics.histogram(
      'topline_notify_latency_seconds',
      'From when it was decided that an alert fires, or is over, until a receiver was told.',
      { buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 60, 600, 3_600] },
    ),
  };
}
