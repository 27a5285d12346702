import { messageOf } from '../errors.ts';

/**
 * States (whole ones, or their class of two characters) that say nothing about the data sent: the same statement
 * succeeds once the server, the network or somebody's configuration is well again. Configuration is among them because
 * a password that is being changed must not turn a backlog into failed jobs.
 */
const PASSING_STATES = [
  '08', // connection lost
  '25006', // read-only: a standby, during a failover
  '28', // not let in
  '3D000', // no such database, yet
  '40', // deadlock, serialization failure
  '42501', // not allowed
  '42703', // no such column: an older schema, during an upgrade
  '42P01', // no such table, yet
  '53', // out of disk, memory or connections
  '55', // lock not available, object in use
  '57', // shutting down, starting up, statement timeout
  '58', // file system
];

/**
 * Classes of states with which PostgreSQL refuses what it was given: wrong values, broken constraints, and more than it
 * takes (an index row, say).
 */
const REFUSED_CLASSES = ['22', '23', '54'];

/**
 * Prisma's own codes for the same as PASSING_STATES: those of what never was a statement, such as a BEGIN that found no
 * connection. What a model asks has a code, too, but also the state.
 */
const PASSING_PRISMA_CODES = [
  'P1000',
  'P1001',
  'P1002',
  'P1003',
  'P1008',
  'P1010',
  'P1017',
  'P2024',
  'P2028',
  'P2034',
  'P2037',
];

/** How Prisma's adapter calls what never reached the server, and so has no state. */
const PASSING_KINDS = [
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TlsConnectionError',
  'TransactionAlreadyClosed',
];

/** What pg and Node throw, without a state, where there is no server or it does not answer. */
const CONNECTION_ERRORS =
  /Connection terminated|connection timeout|timeout exceeded when trying to connect|Query read timeout|connection error and is not queryable|Cannot use a pool|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/i;

/** What Prisma knows of an error of the driver. */
interface DriverCause {
  kind?: string;
  originalCode?: string;
  originalMessage?: string;
}

/** The five-character SQLSTATE of an error from pg or from Prisma over pg; undefined for any other. */
export function sqlStateOf(error: unknown): string | undefined {
  const cause = driverCauseOf(error);
  if (cause !== undefined) return cause.originalCode;
  // Node's own codes (EPIPE) can look like a state; only an answer of the server has a severity.
  const { code, severity } = asRecord(error);
  return typeof code === 'string' && typeof severity === 'string' ? code : undefined;
}

/**
 * Whether the same statement will succeed once PostgreSQL is well again: it is out of reach, overloaded, stopped the
 * statement or lost a race. False where the data are at fault (`isRefusedByPostgres`), and for what is not known.
 */
export function isRetryablePostgresError(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state !== undefined) return PASSING_STATES.some((passing) => state.startsWith(passing));
  const kind = driverCauseOf(error)?.kind;
  if (kind !== undefined && PASSING_KINDS.includes(kind)) return true;
  const { code } = asRecord(error);
  if (typeof code === 'string' && PASSING_PRISMA_CODES.includes(code)) return true;
  return (
    CONNECTION_ERRORS.test(messageOf(error)) || (typeof code === 'string' && CONNECTION_ERRORS.test(code))
  );
}

/** Whether PostgreSQL refused what it was given: the same statement will never succeed. */
export function isRefusedByPostgres(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state !== undefined && REFUSED_CLASSES.includes(state.slice(0, 2));
}

/** Whether PostgreSQL undid the statement in favour of another (deadlock, serialization): repeat it at once. */
export function isLostRace(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === '40P01' || state === '40001';
}

/** What PostgreSQL said, without Prisma's wrapping of several lines. */
export function postgresMessageOf(error: unknown): string {
  const { originalMessage } = driverCauseOf(error) ?? {};
  if (originalMessage !== undefined) return originalMessage;
  const message = messageOf(error);
  return /Message: `([^]*)`\s*$/.exec(message)?.[1] ?? message.trim();
}

function driverCauseOf(error: unknown): DriverCause | undefined {
  const { meta, name } = asRecord(error);
  const { cause } = asRecord(name === 'DriverAdapterError' ? error : asRecord(meta)['driverAdapterError']);
  return typeof cause === 'object' && cause !== null ? cause : undefined;
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
