import { MAX_HOLD_SECONDS } from '../../contracts/historyTerms.ts';
import { unpackMeasurements, type Measurements } from '../../snapshot/codec.ts';
import type { Sample } from '../../rollup/hold.ts';
import { quoteName } from './tableNames.ts';
import { arrayOf, textArrayOf } from './arrays.ts';
import type { Sql } from './partitionCatalog.ts';

/** A stretch of one agent's time, in epoch seconds; `to` is not in it. */
export interface Span {
  agentId: string;
  from: number;
  to: number;
}

/** A sample with what its row says beside. */
export interface StoredSample extends Sample {
  /** The row's; the order of inserts. */
  id: number;
}

interface StoredRow {
  span: number;
  id: number;
  timestamp: number;
  snapshotId: string;
  cpu: number;
  memoryTotal: number;
  memoryUsed: number;
  measurements: Uint8Array;
}

const COLUMNS =
  'id, timestamp_utc, snapshot_id, total_cpu_percent, system_memory_total_mb, system_memory_used_mb, measurements';

/** $1 to $3 the spans as arrays, $4 and $5 the time they all lie in, so that the other days are not looked at. */
function select(table: string): string {
  const rows = `SELECT ${COLUMNS} FROM ${quoteName(table)} p
    WHERE p.agent_id = w.agent_id AND p.timestamp_utc >= to_timestamp($4::float8) AND p.timestamp_utc < to_timestamp($5::float8)`;
  return `
SELECT w.span::int AS "span", s.id::float8 AS "id", extract(epoch FROM s.timestamp_utc)::float8 AS "timestamp",
       s.snapshot_id::text AS "snapshotId", s.total_cpu_percent AS "cpu", s.system_memory_total_mb AS "memoryTotal",
       s.system_memory_used_mb AS "memoryUsed", s.measurements
FROM unnest($1::text::text[], $2::text::bigint[], $3::text::bigint[]) WITH ORDINALITY AS w (agent_id, begins, ends, span)
CROSS JOIN LATERAL (
  (${rows} AND p.timestamp_utc >= to_timestamp(w.begins - ${MAX_HOLD_SECONDS}) AND p.timestamp_utc < to_timestamp(w.begins)
    ORDER BY p.timestamp_utc DESC, p.snapshot_id DESC LIMIT 1)
  UNION ALL
  (${rows} AND p.timestamp_utc >= to_timestamp(w.begins) AND p.timestamp_utc < to_timestamp(w.ends))
  UNION ALL
  (${rows} AND p.timestamp_utc >= to_timestamp(w.ends) AND p.timestamp_utc < to_timestamp(w.ends + ${MAX_HOLD_SECONDS})
    ORDER BY p.timestamp_utc, p.snapshot_id LIMIT 1)
) s`;
}

/**
 * The samples of each span, in order, with the last one before it and the first one behind it where they lie within 90 s:
 * all that the figures of the span depend on.
 *
 * @param onDamaged told of a row that cannot be unpacked: its cores and processes count as none
 */
export async function readSpans(
  sql: Sql,
  packedTable: string,
  spans: Span[],
  onDamaged: (snapshotId: string, error: unknown) => void,
): Promise<StoredSample[][]> {
  if (spans.length === 0) return [];
  const rows = await sql.$queryRawUnsafe<StoredRow[]>(
    select(packedTable),
    textArrayOf(spans.map(({ agentId }) => agentId)),
    arrayOf(spans.map(({ from }) => from)),
    arrayOf(spans.map(({ to }) => to)),
    Math.min(...spans.map(({ from }) => from)) - MAX_HOLD_SECONDS,
    Math.max(...spans.map(({ to }) => to)) + MAX_HOLD_SECONDS,
  );
  const samples = spans.map((): StoredSample[] => []);
  for (const row of rows) samples[row.span - 1]?.push(toSample(row, onDamaged));
  return samples;
}

function toSample(row: StoredRow, onDamaged: (snapshotId: string, error: unknown) => void): StoredSample {
  return {
    id: row.id,
    snapshotId: row.snapshotId,
    timestamp: row.timestamp,
    total_cpu_percent: row.cpu,
    system_memory_total_mb: row.memoryTotal,
    system_memory_used_mb: row.memoryUsed,
    ...measurementsOf(row, onDamaged),
  };
}

function measurementsOf(
  { snapshotId, measurements }: StoredRow,
  onDamaged: (snapshotId: string, error: unknown) => void,
): Measurements {
  try {
    return unpackMeasurements(measurements);
  } catch (error) {
    onDamaged(snapshotId, error);
    return { per_core_cpu_percent: [], top_processes: [] };
  }
}
