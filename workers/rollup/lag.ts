import type { Metrics } from '../../core/platform/metrics.ts';
import type { RollupStore } from '../../core/stores/postgres/rollups.ts';

/** Tells how far minutes and hours are behind. Where PostgreSQL is away there is no figure. */
export function measureRollupLag(metrics: Metrics, rollups: RollupStore): void {
  metrics.gauge(
    'topline_rollup_lag_seconds',
    'For how long snapshots are stored and in no bucket yet, by tier.',
    ['tier'],
    async (gauge) => {
      gauge.reset();
      const progress = await rollups.progress().catch(() => undefined);
      if (progress === undefined) return;
      gauge.set({ tier: 'minute' }, progress.nowSeconds - progress.minutesUntilSeconds);
      gauge.set({ tier: 'hour' }, progress.nowSeconds - progress.hoursUntilSeconds);
    },
  );
}
