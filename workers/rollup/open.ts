import { messageOf } from '../../core/errors.ts';
import { createRollupStore } from '../../core/stores/postgres/rollups.ts';
import type { WorkerContext } from '../run/context.ts';
import type { Postgres } from '../run/postgres.ts';
import type { OpenedRole } from '../run/role.ts';
import { measureRollupLag } from './lag.ts';
import { rollUp } from './rollup.ts';

export function openRollup(
  { log, lifecycle, metrics, workerMetrics }: WorkerContext,
  postgres: Postgres,
): OpenedRole<'rollup'> {
  const onDamaged = (snapshotId: string, error: unknown) =>
    log.warn(
      { snapshotId, reason: messageOf(error) },
      'a snapshot was rolled up without its cores and processes',
    );
  const onRefused = (agentId: string, startSeconds: number, error: unknown) =>
    log.error(
      { agent: agentId, startSeconds, reason: messageOf(error) },
      'PostgreSQL refuses what a minute or an hour comes to: it is left out of the rollups',
    );
  const rollups = createRollupStore({ ...postgres, onDamaged, onRefused });
  measureRollupLag(metrics, rollups);
  const stopping = () => lifecycle.stopping;
  return { process: () => rollUp({ rollups, metrics: workerMetrics, log, stopping }) };
}
