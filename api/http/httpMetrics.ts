import { DURATION_BUCKETS, type Metrics } from '../../core/platform/metrics.ts';

/** What the API tells of its requests and its intake. */
export type HttpMetrics = ReturnType<typeof createHttpMetrics>;

export function createHttpMetrics(metrics: Metrics) {
  const requests = metrics.counter('topline_http_requests_total', 'Requests by route and answer.', [
    'method',
    'route',
    'status',
  ]);
  const duration = metrics.histogram('topline_http_request_duration_seconds', 'Time to answer a request.', {
    labels: ['route'],
    buckets: DURATION_BUCKETS,
  });
  // Looking a series up by its labels costs more than counting: each is looked up once.
  const series = new Map<string, { count: () => void; time: (seconds: number) => void }>();

  return {
    /** @param route the pattern that matched */
    answered(method: string, route: string, status: number, seconds: number): void {
      const key = `${method} ${status} ${route}`;
      let known = series.get(key);
      if (known === undefined) {
        const counter = requests.labels({ method, route, status: String(status) });
        const histogram = duration.labels({ route });
        known = { count: () => counter.inc(), time: (value) => histogram.observe(value) };
        series.set(key, known);
      }
      known.count();
      known.time(seconds);
    },
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
