import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { Redis, Result } from 'ioredis';
import { z } from 'zod';
import { MAX_RACES, untilWon } from '../../races.ts';
import { AGENT_TOKENS_KEY } from '../keys.ts';
import { createCachedCopy, type CachedCopy, type CachedCopyOptions } from './cachedCopy.ts';

/** Another text after every change. No agent can have this id. */
const REVISION = '#revision';

/** What every token begins with: a mistyped or revoked one is recognised as meant to be one, and scanners find it. */
const PREFIX = 'topline_agent_';

const TOKEN_BYTES = 32;

/**
 * Replaces what is known of an agent's token if nobody else has since it was read.
 *
 * KEYS[1] the hash; ARGV[1] agent id, [2] record it was read as or empty, [3] new record or empty for none,
 * [4] revision field, [5] new revision.
 * Output: 1, or 0 where somebody else was faster.
 */
const REPLACE = `
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
if ARGV[3] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
redis.call('HSET', KEYS[1], ARGV[4], ARGV[5])
return 1`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    toplineReplaceToken(
      key: string,
      agentId: string,
      before: string,
      after: string,
      revisionField: string,
      revision: string,
    ): Result<number, Context>;
  }
}

const recordSchema = z.object({
  /** SHA-256 of the token in hex; absent once it is revoked. */
  hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** Epoch seconds of the last change. */
  since: z.number().int(),
});

type TokenRecord = z.output<typeof recordSchema>;

/** What may be told of an agent's token. */
export interface AgentToken {
  agentId: string;
  /** A revoked one still says that its agent may not report without one. */
  state: 'valid' | 'revoked';
  /** Epoch seconds of the last change; 0 where the record is damaged. */
  since: number;
}

/** Every agent's token as it was when last looked at. */
export interface AgentTokenTable {
  /** Whose token this is; undefined for one that is unknown or revoked. */
  ownerOf(token: string): string | undefined;
  /** Whether an agent has, or had, a token of its own. */
  has(agentId: string): boolean;
}

/** Tokens of single agents, in Redis: only their SHA-256 is kept. */
export interface AgentTokenStore {
  /** The agent's new token, which nobody can be shown again; undefined where it has one already, unless it is to rotate. */
  add(agentId: string, nowSeconds: number, options?: { rotate?: boolean }): Promise<string | undefined>;
  /** Makes an agent's token invalid. Resolves to false where there is nothing to revoke. */
  revoke(agentId: string, nowSeconds: number): Promise<boolean>;
  /** Takes out every trace of an agent, as though it never had a token. Resolves to false where there is none. */
  forget(agentId: string): Promise<boolean>;
  list(): Promise<AgentToken[]>;
  /** The table, and the revision it is of. */
  load(): Promise<{ revision: string | undefined; table: AgentTokenTable }>;
  /** Changes whenever the table does. */
  revision(): Promise<string | undefined>;
}

/** Whether a text is meant to be the token of one agent; the right one or not. */
export function isAgentToken(text: string): boolean {
  return text.startsWith(PREFIX);
}

export function createAgentTokenStore(redis: Redis): AgentTokenStore {
  redis.defineCommand('toplineReplaceToken', { numberOfKeys: 1, lua: REPLACE });

  /** Reads, decides and replaces, until nobody came in between. */
  async function change<T>(
    agentId: string,
    decide: (known: TokenRecord | undefined) => { record?: TokenRecord; result: T } | { keep: T },
  ): Promise<T> {
    const won = await untilWon(async () => {
      const before = (await redis.hget(AGENT_TOKENS_KEY, agentId)) ?? '';
      const decision = decide(before === '' ? undefined : parseRecord(before));
      if ('keep' in decision) return { result: decision.keep };
      const after = decision.record === undefined ? '' : JSON.stringify(decision.record);
      const revision = randomUUID();
      const done = await redis.toplineReplaceToken(
        AGENT_TOKENS_KEY,
        agentId,
        before,
        after,
        REVISION,
        revision,
      );
      return done === 1 ? { result: decision.result } : undefined;
    });
    if (won === undefined) throw new Error(`the token of ${agentId} changed ${MAX_RACES} times in between`);
    return won.result;
  }

  async function readAll(): Promise<{ revision: string | undefined; records: Map<string, TokenRecord> }> {
    const { [REVISION]: revision, ...fields } = await redis.hgetall(AGENT_TOKENS_KEY);
    return {
      revision,
      records: new Map(Object.entries(fields).map(([agentId, text]) => [agentId, parseRecord(text)])),
    };
  }

  return {
    add: (agentId, nowSeconds, { rotate = false } = {}) =>
      change<string | undefined>(agentId, (known) => {
        if (known?.hash !== undefined && !rotate) return { keep: undefined };
        const token = PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
        return { record: { hash: hashOf(token).toString('hex'), since: nowSeconds }, result: token };
      }),
    revoke: (agentId, nowSeconds) =>
      change<boolean>(agentId, (known) =>
        known?.hash === undefined ? { keep: false } : { record: { since: nowSeconds }, result: true },
      ),
    forget: (agentId) =>
      change<boolean>(agentId, (known) => (known === undefined ? { keep: false } : { result: true })),
    async list() {
      const { records } = await readAll();
      return [...records]
        .map(([agentId, { hash, since }]) => ({
          agentId,
          state: hash === undefined ? ('revoked' as const) : ('valid' as const),
          since,
        }))
        .sort((a, b) => (a.agentId < b.agentId ? -1 : 1));
    },
    async load() {
      const { revision, records } = await readAll();
      return { revision, table: tableOf(records) };
    },
    revision: async () => (await redis.hget(AGENT_TOKENS_KEY, REVISION)) ?? undefined,
  };
}

/** Table whose entries are found by the first half of the hash and proved by the whole of it, in constant time. */
function tableOf(records: Map<string, TokenRecord>): AgentTokenTable {
  const byPrefix = new Map<string, { agentId: string; hash: Buffer }>();
  for (const [agentId, { hash }] of records) {
    if (hash !== undefined) byPrefix.set(hash.slice(0, 32), { agentId, hash: Buffer.from(hash, 'hex') });
  }
  return {
    ownerOf(token) {
      const given = hashOf(token);
      const found = byPrefix.get(given.toString('hex', 0, 16));
      return found !== undefined && timingSafeEqual(given, found.hash) ? found.agentId : undefined;
    },
    has: (agentId) => records.has(agentId),
  };
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** A record that cannot be read counts as revoked: its agent stays closed until it is given a new token. */
function parseRecord(text: string): TokenRecord {
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    return { since: 0 };
  }
}

/** The table for whoever asks at every request. */
export type AgentTokenCache = CachedCopy<AgentTokenTable>;

/** From the second age on whoever asks waits for a new one: so long a revoked token may still be good. */
const TOKEN_AGES = { refreshMs: 2_000, maxAgeMs: 5_000 };

/** Keeps the table at hand; no request waits for it. */
export function createAgentTokenCache(
  store: Pick<AgentTokenStore, 'load' | 'revision'>,
  options: Partial<CachedCopyOptions> = {},
): AgentTokenCache {
  const load = async () => {
    const { revision, table } = await store.load();
    return { revision, value: table };
  };
  return createCachedCopy({ load, revision: () => store.revision() }, { ...TOKEN_AGES, ...options });
}
