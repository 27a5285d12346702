import { quoteName } from '../stores/postgres/tableNames.ts';

// The statements that move rows of the table of the service before. Names are of quoted identifiers, values parameters.

/** A row as `selectPage` reads it. */
export interface PageRow {
  /** Where it lies (ctid). */
  place: string;
  /** timestamp_utc as the session prints it, to go on from; null where it has none. */
  position: string | null;
  expired: boolean;
  /** created_at as the session prints it. */
  createdAt: string | null;
  createdMs: number | null;
  /** Null where it is expired. */
  json: string | null;
}

/** The snapshot's own time. A row without epoch_seconds has it in timestamp_utc. */
const EPOCH = 'coalesce(epoch_seconds::float8, floor(extract(epoch FROM timestamp_utc))::float8)';

/**
 * The newest rows from a position down. The index on timestamp_utc leads there.
 *
 * $1 position, or null for rows without a time; $2 epoch seconds before which a row is expired, $3 most rows
 */
export function selectPage(seed: string, dated: boolean): string {
  return `
SELECT ctid::text AS place, timestamp_utc::text AS "position", expired, created_at::text AS "createdAt",
  (extract(epoch FROM created_at) * 1000)::float8 AS "createdMs",
  CASE WHEN NOT expired THEN json_build_object(
    'timestamp', epoch, 'total_cpu_percent', total_cpu_percent,
    'per_core_cpu_percent', coalesce(per_core_cpu_percent::jsonb, '[]'),
    'system_memory_total_mb', coalesce(system_memory_total_mb, 0),
    'system_memory_used_mb', coalesce(system_memory_used_mb, 0),
    'top_processes', coalesce(top_processes::jsonb, '[]'))::text END AS json
FROM (
  SELECT *, ctid, ${EPOCH} AS epoch, coalesce(${EPOCH} >= 0 AND ${EPOCH} < $2::float8, false) AS expired
  FROM ${quoteName(seed)}
  WHERE timestamp_utc ${dated ? '<= $1::text::timestamptz' : 'IS NULL AND $1::text IS NULL'}
  ORDER BY timestamp_utc DESC LIMIT $3::int
) AS page`;
}

/** $1 to $10 as of every insert of rows (`toColumns`), $11 created_at of each. Resolves to how many were new. */
export function insertMoved(packed: string): string {
  return `
WITH stored AS (
  INSERT INTO ${quoteName(packed)} (
    agent_id, snapshot_id, timestamp_utc, received_at, created_at, total_cpu_percent, system_memory_total_mb,
    system_memory_used_mb, measurements)
  SELECT agent_id, snapshot_id, to_timestamp(epoch_seconds), created, created, total_cpu_percent, system_memory_total_mb,
    system_memory_used_mb, substring($10::bytea FROM begins FOR bytes)
  FROM (
    SELECT *, coalesce(created_at, to_timestamp(received_ms / 1000)) AS created
    FROM unnest($1::text::text[], $2::text::uuid[], $3::text::bigint[], $4::text::float8[], $5::text::float8[],
      $6::text::float8[], $7::text::float8[], $8::text::int[], $9::text::int[], $11::text::timestamptz[])
      AS r (agent_id, snapshot_id, epoch_seconds, received_ms, total_cpu_percent, system_memory_total_mb,
        system_memory_used_mb, begins, bytes, created_at)
  ) AS moved
  ON CONFLICT DO NOTHING RETURNING 1
)
SELECT count(*)::int AS inserted FROM stored`;
}

/** $1 the places. */
export function deletePage(seed: string): string {
  return `DELETE FROM ${quoteName(seed)} WHERE ctid = ANY ($1::text::tid[])`;
}

/** $1 the places. */
export function setAside(seed: string, refused: string): string {
  return `
WITH gone AS (DELETE FROM ${quoteName(seed)} WHERE ctid = ANY ($1::text::tid[]) RETURNING *)
INSERT INTO ${quoteName(refused)} SELECT * FROM gone`;
}

/** $1 position to go on from; $2 moved, $3 duplicates, $4 expired, $5 refused. */
export function countPage(progress: string): string {
  return `
UPDATE ${quoteName(progress)} SET position = $1::text, moved = moved + $2::int, duplicates = duplicates + $3::int,
  expired = expired + $4::int, refused = refused + $5::int, obstacle = NULL`;
}

/** Whether a valid index begins with timestamp_utc: without one, every page would read the whole table. */
export const HAS_TIME_INDEX = `
SELECT EXISTS (
  SELECT FROM pg_index i
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_am m ON m.oid = c.relam AND m.amname = 'btree'
  WHERE i.indrelid = to_regclass($1) AND a.attname = 'timestamp_utc' AND i.indisvalid AND i.indpred IS NULL
) AS indexed`;
