import { readFile } from 'node:fs/promises';
import type pg from 'pg';

/** How the processes of a row are made: two of them, or the twelve of a recorded one. */
export type RowSize = 'small' | 'recorded';

const CREATE = `
CREATE TABLE metrics_snapshots (
  id BIGSERIAL, timestamp_utc TIMESTAMPTZ NOT NULL, epoch_seconds BIGINT NOT NULL,
  total_cpu_percent DOUBLE PRECISION NOT NULL, per_core_cpu_percent JSONB, system_memory_total_mb DOUBLE PRECISION,
  system_memory_used_mb DOUBLE PRECISION, top_processes JSONB, created_at TIMESTAMPTZ NOT NULL DEFAULT NOW());
CREATE TABLE samples (n INT PRIMARY KEY, cores JSONB, processes JSONB)`;

const INDEX = `
ALTER TABLE metrics_snapshots ADD PRIMARY KEY (id);
CREATE INDEX metrics_snapshots_timestamp_utc_idx ON metrics_snapshots (timestamp_utc);
CREATE INDEX metrics_snapshots_epoch_seconds_idx ON metrics_snapshots (epoch_seconds);
DROP TABLE samples`;

/** Over how many days the rows are spread; with the default retention all of them are moved. */
const DAYS = 28;

/**
 * The table of the service before with that many rows, the newest of now. The indexes are made afterwards, which is
 * quicker and leaves the same.
 */
export async function makeOldTable(
  client: pg.Client,
  { rows, size, snapshotsFile }: { rows: number; size: RowSize; snapshotsFile: string },
): Promise<void> {
  await client.query(CREATE);
  const recorded = (await readFile(snapshotsFile, 'utf8')).trim().split('\n');
  await client.query(
    `INSERT INTO samples SELECT n - 1, line -> 'per_core_cpu_percent',
       CASE WHEN $2 THEN line -> 'top_processes' ELSE jsonb_path_query_array(line, '$.top_processes[0 to 1]') END
     FROM unnest($1::jsonb[]) WITH ORDINALITY AS l (line, n)`,
    [recorded, size === 'recorded'],
  );
  await client.query(
    `INSERT INTO metrics_snapshots (timestamp_utc, epoch_seconds, total_cpu_percent, per_core_cpu_percent,
       system_memory_total_mb, system_memory_used_mb, top_processes, created_at)
     SELECT to_timestamp(t), t, (i % 10000) / 100.0, cores, 16000, (i % 160000) / 10.0, processes, to_timestamp(t + 0.1)
     FROM (SELECT i, extract(epoch FROM now())::bigint - (($1::bigint - i) * ${DAYS * 86_400} / $1::bigint) AS t
           FROM generate_series(1, $1::bigint) AS i) AS made
     JOIN samples ON n = i % ${recorded.length}`,
    [rows],
  );
  await client.query(INDEX);
  await client.query('VACUUM ANALYZE metrics_snapshots');
  await client.query('CHECKPOINT');
}
