import type { QueueName, QueuePayload } from '../../core/contracts/queues.ts';
import type { WorkerContext } from './context.ts';
import type { Postgres } from './postgres.ts';
import type { Schedule } from './schedules.ts';
import type { Role } from './startWorker.ts';

/** A role that this process runs. */
export interface OpenedRole<Name extends QueueName> extends Pick<Role<Name>, 'process'> {
  /** Begins what needs the tables and no job: when the migrations are applied, which may be long after the start. */
  onTablesReady?(): void;
  /** Begins what the role does beside its jobs, when all workers of the process run. */
  begin?(): void;
}

/** All there is to say of a role: its row in workers/roles.ts. */
export type RoleRow<Name extends QueueName> = {
  /** Jobs at a time in one process. */
  concurrency: number;
  /** Jobs that come by themselves. */
  schedules?: readonly Schedule<QueuePayload<Name>>[];
} & (
  | { postgres?: never; open(context: WorkerContext): OpenedRole<Name> }
  /** Without PostgreSQL it does the rest of its work. */
  | { postgres: 'used'; open(context: WorkerContext, postgres: Postgres | undefined): OpenedRole<Name> }
  /** Without PostgreSQL it does not run. */
  | { postgres: 'needed'; open(context: WorkerContext, postgres: Postgres): OpenedRole<Name> }
);

/** Opens a role; undefined for one that needs PostgreSQL where there is none. */
export function openRole<Name extends QueueName>(
  row: RoleRow<Name>,
  context: WorkerContext,
  postgres: Postgres | undefined,
): OpenedRole<Name> | undefined {
  if (row.postgres === 'needed') return postgres && row.open(context, postgres);
  return row.postgres === 'used' ? row.open(context, postgres) : row.open(context);
}
