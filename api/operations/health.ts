import type { Redis } from 'ioredis';
import type { Health } from '../../core/contracts/health.ts';
import { redisDurabilityWarnings } from '../../core/platform/redis.ts';
import type { RedisFaults } from '../../core/platform/redisFaults.ts';
import { isNotAuthenticated, isRefused } from '../../core/platform/redisRefusal.ts';
import { estimateLeft, type UpgradeProgress } from '../../core/upgrade/progress.ts';
import { answerInTime } from './answerInTime.ts';

/** Asks each store whether it is there, at the same time and not for long. */
export function createHealth({
  redis,
  pingPostgres,
  refusal,
  redisFaults,
  unattended = () => [],
}: {
  redis: Redis;
  /** Resolves if PostgreSQL answers, with how far the rows of the service before are moved, where there are any. */
  pingPostgres: (() => Promise<UpgradeProgress | undefined>) | undefined;
  /** Why snapshots are being refused, if they are. */
  refusal?: () => string | undefined;
  redisFaults?: Pick<RedisFaults, 'refusals' | 'outage'>;
  /** What is to be said of jobs that nobody works on. */
  unattended?: () => string[];
}) {
  return async function health(): Promise<Health> {
    const [isThere, warnings, postgres] = await Promise.all([
      answerInTime(() => answers(redis)),
      answerInTime(() => redisDurabilityWarnings(redis)),
      pingPostgres === undefined
        ? ({ state: 'disabled' } as const)
        : answerInTime(async () => ({ state: 'connected', progress: await pingPostgres() }) as const),
    ]);
    const refused = refusal?.();
    const refusals = redisFaults?.refusals() ?? [];
    const outage = isThere === undefined && refusals.length === 0 ? redisFaults?.outage() : undefined;
    const leftAlone = unattended();
    const answer: Omit<Health, 'status'> = {
      redis: isThere === undefined ? 'disconnected' : 'connected',
      postgres: postgres?.state ?? 'disconnected',
      warnings: [
        ...(warnings ?? []),
        ...refusals,
        ...(outage === undefined ? [] : [`Redis is out of reach: ${outage}`]),
        ...leftAlone,
        ...(refused === undefined ? [] : [`Snapshots are refused: ${refused}`]),
      ],
      ...(postgres?.state !== 'connected' || postgres.progress === undefined
        ? {}
        : { upgrade: describe(postgres.progress) }),
    };
    const lost = answer.redis === 'disconnected' || answer.postgres === 'disconnected';
    const degraded = lost || refusals.length > 0 || leftAlone.length > 0;
    return { status: degraded ? 'degraded' : 'ok', ...answer };
  };
}

/** It is there where it refuses this, too; one that lets nobody in is not. */
async function answers(redis: Redis): Promise<true> {
  await redis.ping().catch((error: unknown) => {
    if (!isRefused(error) || isNotAuthenticated(error)) throw error;
  });
  return true;
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
