import { parseArgs } from 'node:util';
import { reporterIdSchema } from '../core/contracts/snapshot.ts';
import { messageOf, StartError } from '../core/errors.ts';

export const HELP = `Hands in snapshots from a file, such as an export, to a Topline server.

  npm run import -- FILE [options]

  FILE              NDJSON, a snapshot a line, plain or compressed with gzip; - for standard input
  --url URL         the server  (default http://127.0.0.1:8000)
  --agent ID        whose they are, all of them, whoever the lines name  (default: whom each line names, else 'default')
  --token TOKEN     the server's agent token; the environment variable AGENT_API_TOKEN does the same and, unlike this,
                    does not show in the process list
  --strict          stop at the first line that is no snapshot, or that the server refuses
  --dry-run         only read the file, and tell what is in it
  -h, --help        this text

It goes through POST /ingest/metrics/batch, up to 1,000 snapshots of an agent at a time. A server that is away or has no
room is waited for, ten minutes at most. Where requests are limited, half of what an agent may send is left to the agent.

It can be interrupted and run again: a snapshot that is there already is not stored twice. The server keeps no snapshots
that are older than its retention (POSTGRES_RETENTION_DAYS), and shows none live, nor fires alerts, that are long past.

Exit code 0: all of the file is handed in. 1: some lines are not; they are named. 2: nothing was begun. 130: interrupted.
`;

export interface ImportOptions {
  /** `-` for standard input. */
  file: string;
  /** Full URL of the batch route. */
  endpoint: string;
  agentId: string | undefined;
  token: string | undefined;
  strict: boolean;
  dryRun: boolean;
}

/** @throws {StartError} naming what is wrong; undefined where only help was asked for */
export function readImportOptions(
  args: string[],
  env: Record<string, string | undefined>,
): ImportOptions | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const [file, ...rest] = positionals;
  if (file === undefined) throw new StartError(`Which file? npm run import -- FILE\n\n${HELP}`);
  if (rest.length > 0) throw new StartError(`One file at a time: ${rest.join(' ')} is too much`);
  const agentId = values.agent;
  if (agentId !== undefined && !reporterIdSchema.safeParse(agentId).success)
    throw new StartError(
      `--agent must be 1-128 of A-Z a-z 0-9 . _ : -, but not . or ..; it is ${JSON.stringify(agentId)}`,
    );
  return {
    file,
    endpoint: toEndpoint(values.url ?? 'http://127.0.0.1:8000'),
    agentId,
    token: values.token || env['AGENT_API_TOKEN'] || undefined,
    strict: values.strict,
    dryRun: values['dry-run'],
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        url: { type: 'string' },
        agent: { type: 'string' },
        token: { type: 'string' },
        strict: { type: 'boolean', default: false },
        'dry-run': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new StartError(`${messageOf(error)}\n\n${HELP}`);
  }
}

function toEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.search !== '' ||
    url.hash !== ''
  )
    throw new StartError(`--url must be the http or https address of a server, not ${JSON.stringify(text)}`);
  if (url.username !== '' || url.password !== '')
    throw new StartError(
      '--url must not hold a user or password: the token goes into --token or AGENT_API_TOKEN',
    );
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}/ingest/metrics/batch`;
}
