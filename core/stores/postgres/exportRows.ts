import type { Snapshot } from '../../contracts/snapshot.ts';
import { packedTableOf, quoteName } from './tableNames.ts';
import type { PrismaClient } from '../../platform/prisma.ts';
import { toSnapshot, type SnapshotRow } from '../../snapshot/row.ts';
import { DAY_SECONDS } from './partitionCatalog.ts';
import { orUnavailable } from './unavailable.ts';

/** A snapshot that says whose it is, also where that is the agent `default`. */
export type ExportedSnapshot = Snapshot & { agent_id: string };

/** Which part of the history is read. */
export interface ExportScope {
  /** Undefined for all of them; of some, they come in the order of their code units. */
  agentIds: string[] | undefined;
  /** Epoch seconds, whole ones. */
  from: number;
  /** Epoch seconds, the first that is left out; undefined for no end. */
  to: number | undefined;
}

/** Where to go on: behind so many snapshots of one second of one agent. */
export interface ExportPosition {
  agentId: string;
  /** Epoch seconds. */
  timestamp: number;
  /** How many of that second are left out, in their order. */
  skip: number;
}

/** Reads the history in the order of its key. */
export interface ExportStore {
  /**
   * Snapshots by agent (in the order of the database's text), time and id, some at a time. Each page is a query of its
   * own: between two of them nothing is held, neither a connection nor a cursor, however long that takes. What is stored
   * meanwhile is seen where it lies ahead.
   *
   * @param start where to begin instead of at the beginning
   * @throws {UnavailableError} while PostgreSQL is away
   */
  read(scope: ExportScope, start?: ExportPosition): AsyncGenerator<ExportedSnapshot[]>;
}

export interface ExportStoreOptions {
  prisma: PrismaClient;
  /** As people read it (POSTGRES_TABLE). */
  table: string;
  /** Told of a row whose measurements cannot be read; it is left out. */
  onDamaged: (row: { agentId: string; timestamp: number; reason: unknown }) => void;
}

/** 300 KB of JSON of usual hosts, 6 MB of hosts with 4,096 cores: what one reader keeps in memory. */
const PAGE_ROWS = 200;

/** How many agents are looked up at a time. */
const PAGE_AGENTS = 100;

/** Before every other. */
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

type Row = Omit<SnapshotRow, 'agentId' | 'receivedAtMs'>;

export function createExportStore({ prisma, table, onDamaged }: ExportStoreOptions): ExportStore {
  const packed = quoteName(packedTableOf(table));
  const [selectAgents, selectRows] = [agentsIn(packed), rowsIn(packed)];

  /** The agents of a scope from one on, whether they have anything in it or not. */
  async function* agentsOf(scope: ExportScope, first: string | undefined): AsyncGenerator<string> {
    if (scope.agentIds !== undefined)
      return yield* scope.agentIds.filter((agentId) => agentId >= (first ?? '')).toSorted();
    if (first !== undefined) yield first;
    const days = [Math.floor(scope.from / DAY_SECONDS), Math.ceil((scope.to ?? NaN) / DAY_SECONDS)];
    const [from, to] = days.map((day) => (Number.isNaN(day) ? null : day * DAY_SECONDS));
    let last = first ?? '';
    for (;;) {
      const found = await orUnavailable(() =>
        prisma.$queryRawUnsafe<{ agentId: string }[]>(selectAgents, last, from, to),
      );
      for (const { agentId } of found) yield agentId;
      if (found.length < PAGE_AGENTS) return;
      last = found.at(-1)?.agentId ?? last;
    }
  }

  async function* rowsOf(
    agentId: string,
    { from, to }: ExportScope,
    start?: ExportPosition,
  ): AsyncGenerator<Row[]> {
    const begin = Math.max(from, start?.timestamp ?? from);
    let after = { timestamp: begin, snapshotId: FIRST_ID };
    let skip = start?.timestamp === begin ? start.skip : 0;
    for (;;) {
      const rows = await orUnavailable(() =>
        prisma.$queryRawUnsafe<Row[]>(selectRows, agentId, after.timestamp, after.snapshotId, to ?? null),
      );
      const known = rows.findIndex(({ timestamp }, i) => i >= skip || timestamp !== begin);
      const fresh = known === -1 ? [] : rows.slice(known);
      skip = known === -1 ? skip - rows.length : 0;
      if (fresh.length > 0) yield fresh;
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE_ROWS) return;
      after = last;
    }
  }

  function toExported(agentId: string, row: Row): ExportedSnapshot[] {
    try {
      return [{ ...toSnapshot({ agentId, ...row }), agent_id: agentId }];
    } catch (reason) {
      if (!(reason instanceof RangeError)) throw reason;
      onDamaged({ agentId, timestamp: row.timestamp, reason });
      return [];
    }
  }

  return {
    async *read(scope, start) {
      for await (const agentId of agentsOf(scope, start?.agentId)) {
        const own = start?.agentId === agentId ? start : undefined;
        for await (const rows of rowsOf(agentId, scope, own))
          yield rows.flatMap((row) => toExported(agentId, row));
      }
    },
  };
}

/**
 * $1 the agent before, $2 and $3 epoch seconds of the days, or null. One step down the key for each agent, whatever their
 * rows: with whole days the condition on time chooses partitions, and makes no row be looked at in vain.
 */
function agentsIn(packed: string): string {
  const next = (after: string) =>
    `(SELECT agent_id FROM ${packed} WHERE agent_id > ${after}
      AND timestamp_utc >= to_timestamp($2::float8) AND timestamp_utc < coalesce(to_timestamp($3::float8), 'infinity')
      ORDER BY agent_id LIMIT 1)`;
  return `
WITH RECURSIVE found AS (
  SELECT ${next('$1')} AS agent_id, 1 AS place
  UNION ALL
  SELECT ${next('found.agent_id')}, place + 1 FROM found WHERE agent_id IS NOT NULL AND place < ${PAGE_AGENTS}
)
SELECT agent_id AS "agentId" FROM found WHERE agent_id IS NOT NULL ORDER BY place`;
}

/** $1 the agent, $2 epoch seconds and $3 id of the row before, $4 epoch seconds of the end, or null. */
function rowsIn(packed: string): string {
  return `
SELECT snapshot_id::text AS "snapshotId", extract(epoch FROM timestamp_utc)::float8 AS "timestamp",
  total_cpu_percent AS "totalCpuPercent", system_memory_total_mb AS "systemMemoryTotalMb",
  system_memory_used_mb AS "systemMemoryUsedMb", measurements
FROM ${packed}
WHERE agent_id = $1 AND timestamp_utc >= to_timestamp($2::float8)
  AND timestamp_utc < coalesce(to_timestamp($4::float8), 'infinity')
  AND (timestamp_utc, snapshot_id) > (to_timestamp($2::float8), $3::uuid)
ORDER BY timestamp_utc, snapshot_id LIMIT ${PAGE_ROWS}`;
}
