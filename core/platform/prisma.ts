import { PrismaPg } from '@prisma/adapter-pg';
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import pg from 'pg';
import { PrismaClient, type Prisma } from '../../prisma/generated/client.ts';
import { messageOf } from '../errors.ts';
import { withTimeout } from '../withTimeout.ts';
import type { Logger } from './logger.ts';

export { Prisma, type PrismaClient } from '../../prisma/generated/client.ts';

/** What asks a model: the client, or a transaction of its. */
export type Models = Prisma.TransactionClient;

export interface PrismaOptions {
  dsn: string;
  log: Logger;
  /** Shown by `pg_stat_activity`, e.g. `topline workers`. */
  applicationName: string;
  /** Most connections held at a time. */
  poolSize: number;
  /** Longest a statement may run on the server, in ms. */
  statementTimeoutMs?: number;
}

/** A Prisma client with its release. */
export interface PrismaConnection {
  handle: PrismaClient;
  close(): Promise<void>;
}

/** Longest wait for a connection, whether a new one or a busy one of the pool; pg's default is for ever. */
const CONNECT_TIMEOUT_MS = 5_000;

const STATEMENT_TIMEOUT_MS = 15_000;

/** A frozen or unreachable server keeps no timeout of its own: this much later the client gives up by itself. */
const READ_GRACE_MS = 2_000;

/** A server that does not answer must not hold up the end of the process. */
const CLOSE_TIMEOUT_MS = 2_000;

/**
 * Opens a client. Nothing is connected until the first query, so a process starts with PostgreSQL down; each query then
 * fails on its own until it is back (`isRetryablePostgresError`).
 *
 * What the DSN itself says (`?application_name=…&statement_timeout=…`) wins.
 */
export function openPrisma(options: PrismaOptions): PrismaConnection {
  const { dsn, log, applicationName, poolSize, statementTimeoutMs = STATEMENT_TIMEOUT_MS } = options;
  const pool = new pg.Pool({
    connectionString: dsn,
    application_name: applicationName,
    max: poolSize,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + READ_GRACE_MS,
    keepAlive: true,
  });
  // A connection lost while idle is reported here and nowhere else; without a listener it ends the process
  // (node-postgres#2386). The pool has already let go of it.
  pool.on('error', (error) =>
    log.warn({ reason: messageOf(error) }, 'an idle PostgreSQL connection was lost'),
  );
  const handle = new PrismaClient({ adapter: adapterOf(pool), errorFormat: 'minimal' });
  let closed: Promise<void> | undefined;

  async function close(): Promise<void> {
    await handle.$disconnect();
    await withTimeout(
      CLOSE_TIMEOUT_MS,
      () => pool.end(),
      () => undefined,
    );
  }

  return { handle, close: () => (closed ??= close()) };
}

/**
 * The typed client writes the schema before each table, `public` unless it is told: it is to be the one in which raw SQL
 * and the migrations work, which only the server knows (a role may have a search path of its own). Asked at the first
 * query; where that fails, at the next.
 */
function adapterOf(pool: pg.Pool): SqlDriverAdapterFactory {
  const { provider, adapterName } = new PrismaPg(pool);
  return {
    provider,
    adapterName,
    async connect() {
      const { rows } = await pool.query<{ schema: string | null }>('SELECT current_schema() AS schema');
      return new PrismaPg(pool, { schema: rows[0]?.schema ?? 'public' }).connect();
    },
  };
}
