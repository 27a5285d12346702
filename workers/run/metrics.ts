import { DURATION_BUCKETS, type Metrics } from '../../core/platform/metrics.ts';

/** What every worker process tells of its jobs. */
export type WorkerMetrics = ReturnType<typeof createWorkerMetrics>;

export function createWorkerMetrics(metrics: Metrics) {
  return {
    jobs: metrics.counter('topline_jobs_total', 'Jobs by queue and outcome.', ['queue', 'outcome']),
    postponed: metrics.counter(
      'topline_jobs_postponed_total',
      'Jobs put back because their store was away.',
      ['queue'],
    ),
    duration: metrics.histogram('topline_job_duration_seconds', 'Time one job took.', {
      labels: ['queue'],
      buckets: DURATION_BUCKETS,
    }),
    snapshots: metrics.counter(
      'topline_snapshots_stored_total',
      'Snapshots by stage and what became of them.',
      ['stage', 'outcome'],
    ),
    detection: metrics.histogram(
      'topline_alert_detection_seconds',
      'From the receipt of the snapshot that fired an alert to the decision, by the clocks of both machines.',
      { labels: [], buckets: DURATION_BUCKETS },
    ),
    rolledUp: metrics.counter(
      'topline_rollup_buckets_total',
      'Minutes and hours of agents that were new or have changed.',
      ['tier'],
    ),
  };
}
