import cluster from 'node:cluster';
import { pino, type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

/** Paths whose value never reaches a log line, wherever an object that holds them is logged. */
const SECRET_PATHS = [
  'headers.authorization',
  'headers.cookie',
  'headers["x-agent-token"]',
  'headers["set-cookie"]',
  'token',
  'dsn',
  'password',
].flatMap((path) => [path, `*.${path}`, `*.*.${path}`]);

/** `user:password@` inside a URL, as connection errors like to quote it; to the last @, which a password may hold. */
const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s"\\/@:]*(?::[^\s"\\]*)?@/gi;

export interface LoggerOptions {
  level: string;
  /** Which process writes, e.g. `api` or `workers`. */
  name: string;
  destination?: DestinationStream;
}

/**
 * A JSON logger on stdout. Secrets are taken out twice: by the path of a logged field, and by the form of a URL with
 * credentials anywhere in a message or an error.
 */
export function createLogger({ level, name, destination }: LoggerOptions): Logger {
  return pino(
    {
      name,
      level,
      redact: { paths: SECRET_PATHS, censor: '[redacted]' },
      // On the finished line: it has the message, the fields and the errors with their causes, whoever logged them.
      hooks: { streamWrite: withoutCredentials },
    },
    destination ?? standardOutput(),
  );
}

/**
 * Straight to the descriptor, which is quickest; but a process of a cluster shares that with all the others, and PM2
 * keeps the log of each apart by what goes through `process.stdout`.
 */
function standardOutput(): DestinationStream {
  return cluster.isWorker ? process.stdout : pino.destination({ fd: 1, sync: false });
}

/** The text with the credentials of every URL in it taken out. */
export function withoutCredentials(message: string): string {
  return message.replace(URL_CREDENTIALS, '$1[redacted]@');
}
