import { DURATION_BUCKETS, type Metrics } from '../core/platform/metrics.ts';

/** What the API tells of its requests and its intake. */
export type HttpMetrics = ReturnType<typeof createHttpMetrics>;

export function createHttpMetrics(metrics: Metrics) {
  return {
    requests: metrics.counter('topline_http_requests_total', 'Requests by route and answer.', [
      'method',
      'route',
      'status',
    ]),
    duration: metrics.histogram('topline_http_request_duration_seconds', 'Time to answer a request.', {
      labels: ['route'],
      buckets: DURATION_BUCKETS,
    }),
    enqueue: metrics.histogram(
      'topline_enqueue_duration_seconds',
      'Time until every queue had acknowledged a batch.',
      {
        buckets: DURATION_BUCKETS,
      },
    ),
    batchSize: metrics.histogram('topline_intake_batch_snapshots', 'Snapshots in one batch.', {
      buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
    }),
  };
}
