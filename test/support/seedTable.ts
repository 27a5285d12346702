import type pg from 'pg';

/** The table of the service before, as its SQL made it: not partitioned, without agents. */
export const CREATE_SEED_TABLE = `
CREATE TABLE IF NOT EXISTS metrics_snapshots (
  id BIGSERIAL PRIMARY KEY,
  timestamp_utc TIMESTAMPTZ NOT NULL,
  epoch_seconds BIGINT NOT NULL,
  total_cpu_percent DOUBLE PRECISION NOT NULL,
  per_core_cpu_percent JSONB,
  system_memory_total_mb DOUBLE PRECISION,
  system_memory_used_mb DOUBLE PRECISION,
  top_processes JSONB,
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
);
CREATE INDEX IF NOT EXISTS metrics_snapshots_timestamp_utc_idx ON metrics_snapshots (timestamp_utc DESC);
CREATE INDEX IF NOT EXISTS idx_metrics_snapshots_epoch_seconds ON metrics_snapshots (epoch_seconds DESC)`;

/** Every so many rows, one that our schema refuses. */
export const DAMAGED_EVERY = 50;

/**
 * Fills it in one statement, oldest first: rows of all kinds that its columns allow, no two alike.
 *
 * @param startSeconds time of the first row; each next one is two seconds later
 * @param damaged whether every 50th is one that our schema refuses
 */
export async function fillSeedTable(
  client: pg.ClientBase,
  { rows, startSeconds, damaged = false }: { rows: number; startSeconds: number; damaged?: boolean },
): Promise<void> {
  await client.query(
    `INSERT INTO metrics_snapshots (timestamp_utc, epoch_seconds, total_cpu_percent, per_core_cpu_percent,
       system_memory_total_mb, system_memory_used_mb, top_processes, created_at)
     SELECT to_timestamp(t), t,
       CASE WHEN $3::bool AND n % ${DAMAGED_EVERY} = 0 THEN 250 ELSE (n % 10000) / 100.0 END,
       CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN '[]' ELSE jsonb_build_array(n % 100, 12.50, 0.1) END,
       CASE WHEN n % 7 = 0 THEN NULL ELSE 16000 END,
       CASE WHEN n % 7 = 0 THEN NULL ELSE 8000 + n % 100 / 8.0 END,
       CASE n % 6
         WHEN 0 THEN NULL
         WHEN 1 THEN '[]'
         WHEN 2 THEN '[{"pid": 1, "name": "init", "cpu_percent": 1, "memory_mb": 2}]'
         ELSE jsonb_build_array(jsonb_build_object(
           'pid', n, 'name', 'a "quoted" näme ' || n % 10, 'cpu_percent', 101.50, 'memory_mb', 12,
           'thread_count', 3, 'io_read_mb', 0.10, 'io_write_mb', 4, 'handle_count', 7))
       END,
       to_timestamp(t + 0.123456)
     FROM (SELECT n, $2::bigint + 2 * n AS t FROM generate_series(0, $1::int - 1) AS n) AS made`,
    [rows, startSeconds, damaged],
  );
}
