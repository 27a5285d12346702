import { coverageOf, type Coverage, type RolledUp } from '../../core/history/segments.ts';
import { openPrisma } from '../../core/platform/prisma.ts';
import type { ProcessContext } from '../../core/platform/process.ts';
import { createAgentStore } from '../../core/stores/postgres/agents.ts';
import { createFleetHistoryStore, type FleetHistoryStore } from '../../core/stores/postgres/fleetHistory.ts';
import { createHistoryStore, type HistoryStore } from '../../core/stores/postgres/history.ts';
import { createRollupStore, keptDays, type RollupStore } from '../../core/stores/postgres/rollups.ts';
import { createAgentsAsked, type AgentsAsked } from './scope.ts';
import { createConcurrencyLimit, type ConcurrencyLimit } from './concurrencyLimit.ts';

/** Connections that only questions about the history use: nothing else waits for them. */
const POOL_SIZE = 4;

/** Longest one statement of a question may take, in ms. */
const STATEMENT_TIMEOUT_MS = 5_000;

/** Most questions that are worked on at a time: what they fold lies in memory, and each takes a share of the processor. */
const MAX_IN_FLIGHT = 16;
const TOO_MANY = 'Too many questions about the history at once: ask again when Retry-After says';

/** What the routes about the history ask. */
export interface HistoryReads {
  store: HistoryStore;
  rollups: Pick<RollupStore, 'minutesOf' | 'hoursOf'>;
  fleet: FleetHistoryStore;
  agentsAsked: AgentsAsked;
  /** What each tier has everything of, given how far it has got. */
  coverage(rolledUp: RolledUp, nowSeconds: number): Coverage;
  /**
   * Works on a question, unless there are too many already.
   *
   * @throws {UnavailableError} where there are
   */
  answer: ConcurrencyLimit;
}

/** Opens what the history is read through; undefined where none is kept. */
export function openHistoryReads({ config, log, lifecycle }: ProcessContext): HistoryReads | undefined {
  const { postgres } = config;
  if (postgres.dsn === '') return undefined;
  const { handle: prisma, close } = openPrisma({
    dsn: postgres.dsn,
    log,
    applicationName: 'topline api history',
    poolSize: POOL_SIZE,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  lifecycle.defer('PostgreSQL for the history', close);
  const onDamaged = (snapshotId: string, error: unknown) =>
    log.warn({ snapshotId, err: error }, 'the processes of a stored snapshot cannot be read');
  return {
    store: createHistoryStore({ prisma, table: postgres.table, onDamaged }),
    rollups: createRollupStore({ prisma, ...postgres }),
    fleet: createFleetHistoryStore({ prisma, table: postgres.table }),
    agentsAsked: createAgentsAsked(createAgentStore({ prisma, table: postgres.table })),
    coverage: coverageWith(postgres),
    answer: createConcurrencyLimit(MAX_IN_FLIGHT, TOO_MANY),
  };
}

function coverageWith(postgres: Parameters<typeof keptDays>[0]): HistoryReads['coverage'] {
  const days = { raw: postgres.retentionDays, ...keptDays(postgres) };
  return (rolledUp, nowSeconds) => coverageOf(days, rolledUp, nowSeconds);
}
