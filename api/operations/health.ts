import type { Redis } from 'ioredis';
import type { Health } from '../../core/contracts/health.ts';
import { redisDurabilityWarnings } from '../../core/platform/redis.ts';
import { estimateLeft, type UpgradeProgress } from '../../core/upgrade/progress.ts';
import { answerInTime } from './answerInTime.ts';

/** Asks each store whether it is there, at the same time and not for long. */
export function createHealth({
  redis,
  pingPostgres,
  refusal,
}: {
  redis: Redis;
  /** Resolves if PostgreSQL answers, with how far the rows of the service before are moved, where there are any. */
  pingPostgres: (() => Promise<UpgradeProgress | undefined>) | undefined;
  /** Why snapshots are being refused, if they are. */
  refusal?: () => string | undefined;
}) {
  return async function health(): Promise<Health> {
    const [warnings, postgres] = await Promise.all([
      answerInTime(async () => {
        await redis.ping();
        return redisDurabilityWarnings(redis);
      }),
      pingPostgres === undefined
        ? ({ state: 'disabled' } as const)
        : answerInTime(async () => ({ state: 'connected', progress: await pingPostgres() }) as const),
    ]);
    const refused = refusal?.();
    const answer: Omit<Health, 'status'> = {
      redis: warnings === undefined ? 'disconnected' : 'connected',
      postgres: postgres?.state ?? 'disconnected',
      warnings: [
        ...(warnings ?? []),
        ...(refused === undefined ? [] : [`Snapshots are refused: ${refused}`]),
      ],
      ...(postgres?.state !== 'connected' || postgres.progress === undefined
        ? {}
        : { upgrade: describe(postgres.progress) }),
    };
    const lost = answer.redis === 'disconnected' || answer.postgres === 'disconnected';
    return { status: lost ? 'degraded' : 'ok', ...answer };
  };
}

function describe(progress: UpgradeProgress): NonNullable<Health['upgrade']> {
  const { moving, refused, obstacle } = progress;
  const { rowsLeft, percent } = estimateLeft(progress);
  return {
    state: moving ? 'moving' : 'finished',
    ...(rowsLeft === undefined ? {} : { rows_left: rowsLeft }),
    ...(percent === undefined ? {} : { percent }),
    rows_refused: refused,
    ...(obstacle === null ? {} : { obstacle }),
  };
}
