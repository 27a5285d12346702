import type { Agent } from '../../core/contracts/agents.ts';
import type { Snapshot } from '../../core/contracts/snapshot.ts';
import type { Client } from '../client/client.ts';
import { ApiError, type Api } from '../client/request.ts';
import { rowOfAgent, rowsOfSnapshots, type Row } from './row.ts';

/** Where the rows come from, and what that leaves out. */
export type Source =
  | { from: 'agents' }
  /** Topline keeps no history. */
  | { from: 'recent'; because: 'disabled' }
  /** It does, and cannot be asked right now. */
  | { from: 'recent'; because: 'away'; detail: string };

export interface Loaded {
  rows: Row[];
  source: Source;
}

/** Agents a page: the most the API gives. */
const PAGE = 1000;

/**
 * Most characters of the last minutes that are read where there is no list of agents: those of some 60 hosts at 2 s. Beyond
 * that the rows come with the live lines, and the sparklines with time.
 */
const MAX_RECENT = 16_000_000;

interface LoadOptions {
  /** Epoch seconds by the server's clock. */
  nowSeconds: () => number;
  signal: AbortSignal;
}

/**
 * Every host there is: from the list of agents, or, where that cannot be had, from what came in within the last minutes.
 *
 * @throws {ApiError} where not even that can be read
 */
export async function loadFleet(api: Api, client: Client, options: LoadOptions): Promise<Loaded> {
  try {
    return await loadList(client, options);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 503) throw error;
    const { postgres } = await client.get('/health', options);
    const rows = rowsOfSnapshots(await loadRecent(api, options.signal), options.nowSeconds());
    return {
      rows,
      source:
        postgres === 'disabled'
          ? { from: 'recent', because: 'disabled' }
          : { from: 'recent', because: 'away', detail: error.message },
    };
  }
}

/**
 * Every host of the list of agents.
 *
 * @throws {ApiError} where it cannot be read
 */
export async function loadList(client: Client, { nowSeconds, signal }: LoadOptions): Promise<Loaded> {
  const agents = await loadAgents(client, signal);
  return { rows: agents.map((agent) => rowOfAgent(agent, nowSeconds())), source: { from: 'agents' } };
}

async function loadAgents(client: Client, signal: AbortSignal): Promise<Agent[]> {
  const all: Agent[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.get('/api/agents', { query: { limit: PAGE, cursor }, signal });
    all.push(...page.agents);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return all;
}

/** The last minutes of all hosts; none of it where that would be too much. */
async function loadRecent(api: Api, signal: AbortSignal): Promise<Snapshot[]> {
  const enough = new AbortController();
  const response = await api.open('/api/metrics/recent', {
    signal: AbortSignal.any([signal, enough.signal]),
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: '' };
    text += value ?? '';
    if (done) return JSON.parse(text) as Snapshot[];
    if (text.length <= MAX_RECENT) continue;
    enough.abort();
    return [];
  }
}
