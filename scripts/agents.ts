// `npm run agents`: tokens of single agents, and forgetting many.
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { loadConfig } from '../core/config.ts';
import { agentIdSchema, DEFAULT_AGENT_ID, reporterIdSchema } from '../core/contracts/snapshot.ts';
import { ConfigError, messageOf, StartError } from '../core/errors.ts';
import { createLogger, withoutCredentials } from '../core/platform/logger.ts';
import { openRedis } from '../core/platform/redis.ts';
import { createAgentTokenStore, type AgentTokenStore } from '../core/stores/redis/agentTokens.ts';
import { nowSeconds } from '../core/time.ts';
import { forgetAgents, readForget, type ForgetCommand } from './forgetAgents.ts';

const HELP = `Gives single agents a token of their own, and forgets many.

  npm run agents -- add ID [--rotate]     makes a token and shows it, this once
  npm run agents -- list                  the agents that have one
  npm run agents -- revoke ID [--forget]  makes it invalid
  npm run agents -- forget --state STATE [--older-than 7d] [--search TEXT] [--yes]
                                          forgets agents, with all that is kept of them

  --rotate      replaces the token of an agent that has one already
  --forget      takes the agent out of the list of tokens as well (see below)
  --state       offline, stale or online: only agents in that state
  --older-than  only those that were last seen so long ago: a number with s, m, h or d
  --search      only those with this in their id or name
  --yes         does it; without it they are only shown
  --url URL     the server  (default http://127.0.0.1:PORT)

forget asks the server, with OPERATOR_TOKEN of the environment where that is set; the rest asks Redis.

Redis is the one of the environment (REDIS_URL, or REDIS_HOST, REDIS_PORT, REDIS_DB; REDIS_SENTINELS); only the token's SHA-256 is kept
there. The services need no restart: a change counts within five seconds.

An agent sends its token as X-Agent-Token, and is then that agent without saying so; as another one it is refused (403).
AGENT_API_TOKEN stays good beside the agents' own tokens, for every agent.

Who needs a token:
  - AGENT_API_TOKEN is set: every agent, that one or its own. To allow only own tokens, set it to a random text that
    you give to nobody.
  - It is not set: none, except the agents that are in the list. Nobody else can report as one of them, also once its
    token is revoked; --forget opens that id again. The other agents notice nothing.
An agent that does not say who it is goes by the id '${DEFAULT_AGENT_ID}'.

The token is all that is written to stdout:  TOKEN=$(npm run -s agents -- add web-01)
`;

/** How long Redis may take to be there. */
const CONNECT_MS = 5_000;

type Command =
  | { verb: 'list' }
  | { verb: 'add'; agentId: string; rotate: boolean }
  | { verb: 'revoke'; agentId: string; forget: boolean }
  | ForgetCommand;

/** @throws {StartError} naming what is wrong and what there is; undefined where only help was asked for */
function readCommand(args: string[]): Command | undefined {
  const { values, positionals } = parse(args);
  const [verb, agentId, ...rest] = positionals;
  if (values.help) return undefined;
  if (verb !== 'add' && verb !== 'list' && verb !== 'revoke' && verb !== 'forget') {
    throw new StartError(
      `${verb === undefined ? 'Nothing to do' : `There is no command ${verb}`}.\n\n${HELP}`,
    );
  }
  if (values.rotate && verb !== 'add') throw new StartError('--rotate goes with add ID');
  if (values.forget && verb !== 'revoke') throw new StartError('--forget goes with revoke ID');
  const superfluous = verb === 'list' || verb === 'forget' ? positionals.slice(1) : rest;
  if (superfluous.length > 0) throw new StartError(`Too many words: ${superfluous.join(' ')}\n\n${HELP}`);
  for (const option of ['state', 'older-than', 'search', 'url', 'yes'] as const)
    if (verb !== 'forget' && values[option]) throw new StartError(`--${option} goes with forget`);
  if (verb === 'forget') return readForget(values);
  if (verb === 'list') return { verb };
  // A token of one that cannot report any more can be revoked.
  const id = (verb === 'add' ? reporterIdSchema : agentIdSchema).safeParse(agentId);
  if (agentId === undefined) throw new StartError(`Which agent? npm run agents -- ${verb} ID`);
  if (!id.success) throw new StartError(`${id.error.issues[0]?.message}: not ${JSON.stringify(agentId)}`);
  return verb === 'add'
    ? { verb, agentId: id.data, rotate: values.rotate }
    : { verb, agentId: id.data, forget: values.forget };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        rotate: { type: 'boolean', default: false },
        forget: { type: 'boolean', default: false },
        state: { type: 'string' },
        'older-than': { type: 'string' },
        search: { type: 'string' },
        url: { type: 'string' },
        yes: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new StartError(`${messageOf(error)}\n\n${HELP}`);
  }
}

async function main(): Promise<void> {
  const command = readCommand(process.argv.slice(2));
  if (command === undefined) return void process.stdout.write(HELP);
  const { redis, http, access } = loadConfig(process.env);
  if (command.verb === 'forget') return forgetAgents(command, { port: http.port, ...access }, tell);
  const log = createLogger({ level: 'silent', name: 'agents' });
  const connection = openRedis(redis, 'request', 'agents command', log);
  try {
    await once(connection.handle, 'ready', { signal: AbortSignal.timeout(CONNECT_MS) }).catch(
      (error: unknown) => {
        const reason = error instanceof Error && error.name === 'AbortError' ? 'no answer' : messageOf(error);
        throw new StartError(
          `Redis is out of reach (${withoutCredentials(reason)}): check REDIS_URL, or REDIS_HOST and REDIS_PORT, or REDIS_SENTINELS`,
        );
      },
    );
    await obey(command, createAgentTokenStore(connection.handle));
  } finally {
    await connection.close();
  }
}

async function obey(command: Exclude<Command, ForgetCommand>, store: AgentTokenStore): Promise<void> {
  if (command.verb === 'list') return list(store);
  if (command.verb === 'add') return add(store, command);
  return revoke(store, command);
}

async function add(
  store: AgentTokenStore,
  { agentId, rotate }: { agentId: string; rotate: boolean },
): Promise<void> {
  const token = await store.add(agentId, nowSeconds(), { rotate });
  if (token === undefined)
    throw new StartError(
      `${agentId} has a token. Revoke it first, or replace it: npm run agents -- add ${agentId} --rotate`,
    );
  tell(
    `The token of ${agentId}, shown this once. The agent sends it as X-Agent-Token.${rotate ? ' Any older one is invalid within five seconds.' : ''}\nWithout it nobody can report as ${agentId}, except with AGENT_API_TOKEN where that is set.\n`,
  );
  process.stdout.write(`${token}\n`);
}

async function list(store: AgentTokenStore): Promise<void> {
  const tokens = await store.list();
  if (tokens.length === 0) tell('No agent has a token of its own.');
  for (const { agentId, state, since } of tokens) {
    process.stdout.write(
      `${agentId.padEnd(24)} ${state === 'valid' ? 'since' : 'revoked'} ${new Date(since * 1000).toISOString()}\n`,
    );
  }
}

async function revoke(
  store: AgentTokenStore,
  { agentId, forget }: { agentId: string; forget: boolean },
): Promise<void> {
  const done = forget ? await store.forget(agentId) : await store.revoke(agentId, nowSeconds());
  if (!done) {
    throw new StartError(
      `${agentId} has no token to ${forget ? 'forget' : 'revoke'}. See who has: npm run agents -- list`,
    );
  }
  tell(
    forget
      ? `${agentId} is forgotten: where AGENT_API_TOKEN is not set, it may report without a token again.`
      : `The token of ${agentId} is invalid within five seconds. A new one: npm run agents -- add ${agentId}`,
  );
}

/** On stderr: stdout is for programs. */
function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

try {
  await main();
} catch (error) {
  const expected = error instanceof StartError || error instanceof ConfigError;
  tell(withoutCredentials(expected ? error.message : ((error as Error).stack ?? messageOf(error))));
  process.exitCode = expected ? 2 : 1;
}
