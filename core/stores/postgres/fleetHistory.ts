import type { TimeRange } from '../../history/times.ts';
import { quoteName, rollupTablesOf } from './tableNames.ts';
import type { PrismaClient } from '../../platform/prisma.ts';
import type { Bucket } from '../../rollup/bucket.ts';
import { unpackBucket } from '../../rollup/packBucket.ts';
import type { ProcessTotals } from '../../rollup/processTotals.ts';
import { textArrayOf } from './arrays.ts';
import { anyCasePattern } from './namePattern.ts';
import { orTooSlow } from './unavailable.ts';

/** Whose history it is: some agents by id; undefined for all. */
export type AgentIds = string[] | undefined;

/** What several hosts come to in one step: averages over hosts, of which each counts once. In hundredths. */
export interface FleetStep {
  time: number;
  hosts: number;
  samples: number;
  cpuAverage: number;
  cpuMin: number;
  cpuMax: number;
  memoryAverage: number;
  memoryMin: number;
  memoryMax: number;
  /** Added up over hosts. */
  memoryUsed: number;
  memoryTotal: number;
  /** The host with the highest average of CPU, and that average. */
  busiest: string;
  busiestCpu: number;
}

/** What all hosts used together. */
export interface FleetUse {
  hosts: number;
  samples: number;
  heldSeconds: number;
  busyUnits: number;
}

/** The processes of one name, over several hosts. */
export interface FleetProcess {
  name: string;
  /** On how many hosts it ran. */
  hosts: number;
  totals: ProcessTotals;
}

/** What one agent did in one minute. */
export interface AgentMinute {
  agentId: string;
  bucket: Bucket;
}

/** Where a process ran. */
export interface FoundProcess {
  agentId: string;
  name: string;
  firstSeconds: number;
  lastSeconds: number;
  cpuUnits: number;
  samples: number;
}

/** How a name is compared with the one searched for; `contains` does not tell capitals from small letters. */
export type NameMatch = 'exact' | 'prefix' | 'contains';

export interface Search {
  agents: AgentIds;
  name: string;
  match: NameMatch;
  range: TimeRange;
  limit: number;
  /** Goes on behind this one. */
  after?: Pick<FoundProcess, 'agentId' | 'name'> | undefined;
}

/**
 * The history of many agents, added up by PostgreSQL from minutes and hours. Every method throws an UnavailableError where
 * it cannot answer now, or not within the time it is given.
 */
export interface FleetHistoryStore {
  /** @param stepSeconds a multiple of the tier's width */
  stepsOf(
    agents: AgentIds,
    tier: 'minutes' | 'hours',
    range: TimeRange,
    stepSeconds: number,
  ): Promise<FleetStep[]>;
  useOf(agents: AgentIds, tier: 'minutes' | 'hours', range: TimeRange): Promise<FleetUse>;
  /** The names with the highest figures, highest first, of whole hours. */
  topOf(
    agents: AgentIds,
    range: TimeRange,
    by: 'cpu' | 'memory' | 'io',
    limit: number,
  ): Promise<FleetProcess[]>;
  /** The minutes of all of them, each agent's behind the other's: page after page, for as long as somebody reads on. */
  minutesOf(agents: AgentIds, range: TimeRange): AsyncGenerator<AgentMinute[]>;
  /** In order of agent and name. */
  search(search: Search): Promise<FoundProcess[]>;
}

/** Minutes of one page: some 10 ms of this process' time, in which it takes no snapshot. */
const PAGE_ROWS = 500;

const COLUMN = { minutes: 'minute', hours: 'hour' } as const;

const RANK = {
  cpu: 'sum(cpu_units)',
  memory: 'max(memory_peak)',
  io: 'sum(io_read) + sum(io_write)',
} as const;

export function createFleetHistoryStore(options: { prisma: PrismaClient; table: string }): FleetHistoryStore {
  const { prisma } = options;
  const tables = rollupTablesOf(options.table);
  const processHours = quoteName(tables.processHours);

  /** $1 and $2 the range, $3 the agents. */
  const where = (column: string) =>
    `${column} >= to_timestamp($1::float8) AND ${column} < to_timestamp($2::float8)
     AND ($3::text IS NULL OR agent_id = ANY ($3::text::text[]))`;
  const values = (agents: AgentIds, { from, to }: TimeRange) => [
    from,
    to,
    agents === undefined ? null : textArrayOf(agents),
  ];

  return {
    stepsOf: (agents, tier, range, stepSeconds) =>
      orTooSlow(() =>
        prisma.$queryRawUnsafe<FleetStep[]>(
          `WITH hosts AS (
             SELECT floor(extract(epoch FROM ${COLUMN[tier]}) / $4::int) * $4::int AS time, agent_id,
               sum(samples) AS samples, sum(cpu_sum) / sum(samples) AS cpu, min(cpu_min) AS cpu_min,
               max(cpu_max) AS cpu_max, sum(memory_sum) / sum(samples) AS memory, min(memory_min) AS memory_min,
               max(memory_max) AS memory_max, max(memory_total) AS memory_total
             FROM ${quoteName(tables[tier])} WHERE ${where(COLUMN[tier])} GROUP BY 1, 2)
           SELECT time::float8 AS time, count(*)::int AS hosts, sum(samples)::float8 AS samples,
             avg(cpu)::float8 AS "cpuAverage", min(cpu_min)::float8 AS "cpuMin", max(cpu_max)::float8 AS "cpuMax",
             avg(memory)::float8 AS "memoryAverage", min(memory_min)::float8 AS "memoryMin",
             max(memory_max)::float8 AS "memoryMax", sum(memory)::float8 AS "memoryUsed",
             sum(memory_total)::float8 AS "memoryTotal",
             (array_agg(agent_id ORDER BY cpu DESC, agent_id))[1] AS busiest, max(cpu)::float8 AS "busiestCpu"
           FROM hosts GROUP BY time ORDER BY time`,
          ...values(agents, range),
          stepSeconds,
        ),
      ),
    useOf: (agents, tier, range) =>
      orTooSlow(async () => {
        const [use = { hosts: 0, samples: 0, heldSeconds: 0, busyUnits: 0 }] = await prisma.$queryRawUnsafe<
          FleetUse[]
        >(
          `SELECT count(DISTINCT agent_id)::int AS hosts, coalesce(sum(samples), 0)::float8 AS samples,
             coalesce(sum(held_seconds), 0)::float8 AS "heldSeconds", coalesce(sum(busy_units), 0)::float8 AS "busyUnits"
           FROM ${quoteName(tables[tier])} WHERE ${where(COLUMN[tier])}`,
          ...values(agents, range),
        );
        return use;
      }),
    topOf: (agents, range, by, limit) =>
      orTooSlow(async () => {
        // By host first: to count different hosts beside the sums would take a sort of all rows.
        const rows = await prisma.$queryRawUnsafe<(ProcessTotals & { name: string; hosts: number })[]>(
          `SELECT name, count(*)::int AS hosts, sum(samples)::float8 AS samples, sum(cpu_units)::float8 AS "cpuUnits",
             sum(cpu_sum)::float8 AS "cpuSum", max(cpu_peak)::float8 AS "cpuPeak",
             sum(memory_sum)::float8 AS "memorySum", max(memory_peak)::float8 AS "memoryPeak",
             sum(io_read)::float8 AS "ioRead", sum(io_write)::float8 AS "ioWrite",
             extract(epoch FROM min(first_seen))::float8 AS "firstSeconds",
             extract(epoch FROM max(last_seen))::float8 AS "lastSeconds"
           FROM (
             SELECT name, agent_id, sum(samples) AS samples, sum(cpu_units) AS cpu_units, sum(cpu_sum) AS cpu_sum,
               max(cpu_peak) AS cpu_peak, sum(memory_sum) AS memory_sum, max(memory_peak) AS memory_peak,
               sum(io_read) AS io_read, sum(io_write) AS io_write, min(first_seen) AS first_seen, max(last_seen) AS last_seen
             FROM ${processHours} WHERE ${where('hour')} GROUP BY name, agent_id) of_host
           GROUP BY name ORDER BY ${RANK[by]} DESC, sum(cpu_units) DESC, sum(cpu_sum) DESC, name LIMIT $4::int`,
          ...values(agents, range),
          limit,
        );
        return rows.map(({ name, hosts, ...totals }) => ({ name, hosts, totals }));
      }),
    async *minutesOf(agents, range) {
      let after: { agentId: string; start: number } | undefined;
      for (;;) {
        const rows = await orTooSlow(() =>
          prisma.$queryRawUnsafe<{ agentId: string; start: number; bucket: Uint8Array }[]>(
            `SELECT agent_id AS "agentId", extract(epoch FROM minute)::float8 AS start, bucket
             FROM ${quoteName(tables.minutes)} WHERE ${where('minute')}
               AND ($4::text IS NULL OR (agent_id, minute) > ($4::text, to_timestamp($5::float8)))
             ORDER BY agent_id, minute LIMIT ${PAGE_ROWS}`,
            ...values(agents, range),
            after?.agentId ?? null,
            after?.start ?? null,
          ),
        );
        if (rows.length > 0)
          yield rows.map(({ agentId, bucket }) => ({ agentId, bucket: unpackBucket(bucket) }));
        if (rows.length < PAGE_ROWS) return;
        after = rows.at(-1);
      }
    },
    search: ({ agents, name, match, range, limit, after }) =>
      orTooSlow(() =>
        prisma.$queryRawUnsafe<FoundProcess[]>(
          `SELECT agent_id AS "agentId", name, extract(epoch FROM min(first_seen))::float8 AS "firstSeconds",
             extract(epoch FROM max(last_seen))::float8 AS "lastSeconds", sum(cpu_units)::float8 AS "cpuUnits",
             sum(samples)::float8 AS samples
           FROM ${processHours}
           WHERE hour >= to_timestamp($1::float8) AND hour < to_timestamp($2::float8) AND name ${COMPARISON[match]}
             AND ($4::text IS NULL OR (agent_id COLLATE "C", name) > ($4::text, $5::text))
             AND ($7::text IS NULL OR agent_id = ANY ($7::text::text[]))
           GROUP BY agent_id, name ORDER BY agent_id COLLATE "C", name LIMIT $6::int`,
          range.from,
          range.to,
          PATTERN[match](name),
          after?.agentId ?? null,
          after?.name ?? null,
          limit,
          agents === undefined ? null : textArrayOf(agents),
        ),
      ),
  };
}

const COMPARISON: Record<NameMatch, string> = {
  exact: '= $3::text',
  prefix: 'LIKE $3::text',
  contains: '~ $3::text',
};

const PATTERN: Record<NameMatch, (name: string) => string> = {
  exact: (name) => name,
  // With every character of the name standing for itself.
  prefix: (name) => `${name.replace(/[\\%_]/g, '\\$&')}%`,
  contains: anyCasePattern,
};
