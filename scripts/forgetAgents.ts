import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { CONDITIONS, conditionSchema, type Condition } from '../core/contracts/agents.ts';
import { forgottenAgentsSchema, MAX_FORGOTTEN, type ForgottenAgents } from '../core/contracts/fleet.ts';
import { messageOf, StartError } from '../core/errors.ts';

/** Which agents are to be forgotten, and by which server. */
export interface ForgetCommand {
  verb: 'forget';
  /** Undefined for the one on this machine. */
  url: string | undefined;
  state: Condition;
  olderThanSeconds: number;
  search: string | undefined;
  /** False: they are only shown. */
  isMeant: boolean;
}

export interface ForgetOptions {
  state?: string | undefined;
  'older-than'?: string | undefined;
  search?: string | undefined;
  url?: string | undefined;
  yes: boolean;
}

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** How long one request may take; of a large fleet the list alone takes a second. */
const ANSWER_MS = 60_000;

/** How often in a row a busy server is asked again. */
const MAX_TRIES = 10;

/** How many ids are shown of those that would go. */
const SHOWN = 10;

/** @throws {StartError} naming what is wrong */
export function readForget(options: ForgetOptions): ForgetCommand {
  const state = conditionSchema.safeParse(options.state);
  if (!state.success) throw new StartError(`--state must be one of ${CONDITIONS.join(', ')}`);
  const { url } = options;
  if (url !== undefined && (!URL.canParse(url) || !/^https?:/.test(url)))
    throw new StartError(`--url must begin with http:// or https://; it is ${JSON.stringify(url)}`);
  return {
    verb: 'forget',
    url,
    state: state.data,
    olderThanSeconds: secondsOf(options['older-than'] ?? '0s'),
    search: options.search,
    isMeant: options.yes,
  };
}

/** Seconds of `90s`, `30m`, `12h`, `7d`. @throws {StartError} for anything else */
function secondsOf(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = SECONDS[unit];
  if (count === undefined || seconds === undefined)
    throw new StartError(
      `--older-than must be a number with s, m, h or d, such as 7d; it is ${JSON.stringify(text)}`,
    );
  return Number(count) * seconds;
}

/**
 * Shows which agents match, or has them forgotten, as many at a time as one request takes.
 *
 * @param tell shows a line to whoever waits
 * @throws {StartError} where the server cannot be asked, or refuses
 */
export async function forgetAgents(
  command: ForgetCommand,
  server: { port: number; operatorToken: string },
  tell: (line: string) => void,
): Promise<void> {
  const url = command.url ?? `http://127.0.0.1:${server.port}`;
  const ask = (isTrial: boolean) => request({ ...command, url }, server.operatorToken, isTrial);
  const trial = await ask(true);
  if (trial.matching === 0) return tell('No agent matches.');
  if (!command.isMeant) {
    const more = trial.matching - Math.min(trial.agents.length, SHOWN);
    tell(
      `${agents(trial.matching)} would be forgotten, with all their history: ${trial.agents.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}.\nNothing is done yet. To do it, add --yes.`,
    );
    return;
  }
  for (;;) {
    const { agents: gone, matching } = await ask(false);
    // By what is left: a request that was refused for being late may have forgotten some all the same.
    const left = matching - gone.length;
    tell(`${Math.max(0, trial.matching - left)} of ${trial.matching} forgotten …`);
    if (gone.length === 0 || left === 0) break;
  }
  tell(`${agents(trial.matching)} forgotten: out of the list, and the history goes behind that.`);
}

function agents(count: number): string {
  return count === 1 ? '1 agent' : `${count} agents`;
}

async function request(
  { url, state, olderThanSeconds, search, isMeant }: ForgetCommand & { url: string },
  operatorToken: string,
  isTrial: boolean,
): Promise<ForgottenAgents> {
  const body = JSON.stringify({
    state,
    older_than_seconds: olderThanSeconds,
    ...(search === undefined ? {} : { search }),
    limit: isTrial && !isMeant ? SHOWN : MAX_FORGOTTEN,
    dry_run: isTrial,
  });
  const headers = {
    'Content-Type': 'application/json',
    ...(operatorToken === '' ? {} : { Authorization: `Bearer ${operatorToken}` }),
  };
  for (let tries = 1; ; tries += 1) {
    const response = await fetch(new URL('/api/agents/forget', url), {
      method: 'POST',
      headers,
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS),
    }).catch((error: unknown) => {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw new StartError(
        `Topline is out of reach at ${url} (${messageOf(cause)}): start it, or say where it is with --url`,
      );
    });
    const text = await response.text();
    const retryAfter = Number(response.headers.get('retry-after') ?? NaN);
    if (response.status === 503 && retryAfter >= 0 && tries < MAX_TRIES) {
      await delay(Math.min(retryAfter, 30) * 1000);
      continue;
    }
    return answerOf(response.status, text, url);
  }
}

const refusalSchema = z.object({ detail: z.unknown() });

function answerOf(status: number, text: string, url: string): ForgottenAgents {
  const answer = parseJson(text);
  const done = forgottenAgentsSchema.safeParse(answer);
  if (status === 200 && done.success) return done.data;
  const refused = refusalSchema.safeParse(answer);
  if (!refused.success) throw new StartError(`${url} does not answer as Topline does (status ${status})`);
  const { detail } = refused.data;
  const hint = status === 401 || status === 403 ? '. Set OPERATOR_TOKEN to the token of the server' : '';
  throw new StartError(
    `Refused (${status}): ${typeof detail === 'string' ? detail : JSON.stringify(detail)}${hint}`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
