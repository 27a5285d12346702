import { z } from 'zod';
import {
  acceptedSchema,
  AGENT_ID_PATTERN,
  agentIdSchema,
  DEFAULT_AGENT_ID,
  MAX_FUTURE_SECONDS,
  MAX_SNAPSHOT_BYTES,
  snapshotSchema,
  type Snapshot,
} from '../../core/contracts/snapshot.ts';
import { InvalidRequestError, ServiceError } from '../../core/errors.ts';
import type { SharedClock } from '../../core/stores/clock.ts';
import type { Limit } from '../../core/stores/rateLimit.ts';
import type { AgentCaller } from '../access.ts';
import type { RouteContext } from '../context.ts';
import type { Intake } from '../intake.ts';
import { unknownAgentToken } from '../middleware/access.ts';
import { readJson } from '../middleware/jsonBody.ts';
import { orRedisUnavailable, REDIS_DEADLINE_MS } from '../redisUnavailable.ts';
import { isCanonicalSnapshot } from '../../core/canonicalSnapshot.ts';
import { snapshotIdentity } from '../../core/snapshotIdentity.ts';
import type { RateLimiter } from '../rateLimiter.ts';
import { validate } from '../validation.ts';
import type { Route } from './route.ts';

/** The limit counts snapshots a minute. */
export const LIMIT_WINDOW_MS = 60_000;

const headersSchema = z.object({
  'X-Agent-Id': agentIdSchema.optional(),
  'X-Agent-Token': z.string().optional().meta({
    description:
      'The token of this agent, or AGENT_API_TOKEN. Needed where AGENT_API_TOKEN is set, and by an agent that has one of its own.',
  }),
});

export interface IngestOptions {
  intake: Intake;
  clock: SharedClock;
  /** Absent where there is no limit. */
  rateLimiter: RateLimiter | undefined;
  /** Snapshots a minute. */
  ratePerMinute: number;
  identity: 'default' | 'ip';
}

/** `POST /ingest/metrics`: one snapshot of one agent. */
export function ingestRoute({ intake, rateLimiter, clock, ratePerMinute, identity }: IngestOptions): Route {
  const policy = `"agent";q=${ratePerMinute};w=${LIMIT_WINDOW_MS / 1000}`;

  function tell(ctx: RouteContext, { allowed, remaining, resetMs }: Limit): void {
    const resetSeconds = Math.ceil(resetMs / 1000);
    ctx.set('RateLimit-Policy', policy);
    ctx.set('RateLimit', `"agent";r=${remaining};t=${resetSeconds}`);
    if (!allowed) throw new ServiceError(429, 'Agent rate limit exceeded', resetSeconds || 1);
  }

  return {
    method: 'post',
    path: '/ingest/metrics',
    summary: 'Hand in a snapshot',
    tag: 'ingest',
    access: 'agent',
    headers: headersSchema,
    body: snapshotSchema,
    answers: {
      200: { description: 'Taken: it will be in every store, once.', schema: acceptedSchema },
      403: { description: 'The token is that of another agent' },
      429: { description: 'More than the agent may send; see Retry-After' },
      503: { description: 'The queue cannot take it now; see Retry-After' },
    },
    async handle(ctx) {
      const namedByHeader = agentIdOf(ctx);
      const body = await readJson(ctx.req, MAX_SNAPSHOT_BYTES);
      const snapshot = isCanonicalSnapshot(body) ? body : validate(snapshotSchema, body, 'body');
      const receivedAtMs = Date.now();
      const beganMs = performance.now();
      if (isFuture(snapshot, receivedAtMs / 1000)) await refuseFuture(snapshot, clock);

      const { agent } = ctx.state;
      if (agent === undefined) throw unknownAgentToken();
      refuseOtherId(agent, namedByHeader);
      refuseOtherId(agent, snapshot.agent_id);
      const claimed = agent.ownId ?? namedByHeader ?? snapshot.agent_id;
      const agentId = claimed ?? (identity === 'ip' ? addressOf(ctx) : DEFAULT_AGENT_ID);
      if (!agent.mayReportAs(agentId)) throw unknownAgentToken();
      if (rateLimiter !== undefined) {
        const taken = rateLimiter.take(
          claimed === undefined ? `address:${ctx.state.address}` : `agent:${claimed}`,
        );
        tell(
          ctx,
          taken instanceof Promise ? await orRedisUnavailable(() => taken, REDIS_DEADLINE_MS) : taken,
        );
      }

      const json = JSON.stringify(identified(snapshot, agentId));
      const item = {
        agentId,
        snapshotId: snapshotIdentity(agentId, json),
        receivedAtMs,
        snapshot,
        json,
      };
      await intake.submit(item, beganMs);
      ctx.body = { status: 'accepted', timestamp: snapshot.timestamp } satisfies z.output<
        typeof acceptedSchema
      >;
    },
  };
}

function refuseOtherId({ ownId }: AgentCaller, named: string | undefined): void {
  if (ownId === undefined || named === undefined || named === ownId) return;
  throw new ServiceError(403, `This token belongs to the agent ${ownId}: it cannot report as ${named}`);
}

/** Empty once the connection is gone: nobody sees an answer then, and it is no agent's id. */
function addressOf({ state }: RouteContext): string {
  if (state.address === '') throw new ServiceError(400, 'The connection is gone');
  return state.address;
}

/** @throws {InvalidRequestError} where the header is there and is no agent id */
function agentIdOf({ req }: RouteContext): string | undefined {
  const value = req.headers['x-agent-id'];
  const named = Array.isArray(value) ? value[0] : value;
  if (named === undefined || AGENT_ID_PATTERN.test(named)) return named;
  return validate(headersSchema, { 'X-Agent-Id': named }, 'header')['X-Agent-Id'];
}

function isFuture({ timestamp }: Snapshot, nowSeconds: number): boolean {
  return timestamp > nowSeconds + MAX_FUTURE_SECONDS;
}

/** Asks the clock of all nodes: one whose own is behind must not refuse what agents with a right one send. */
async function refuseFuture(snapshot: Snapshot, clock: SharedClock): Promise<void> {
  if (!isFuture(snapshot, await orRedisUnavailable(() => clock.nowSeconds(), REDIS_DEADLINE_MS))) return;
  const msg = `Timestamp lies more than ${MAX_FUTURE_SECONDS} seconds in the future: set the agent's clock`;
  throw new InvalidRequestError([{ loc: ['body', 'timestamp'], msg, type: 'too_far_in_the_future' }]);
}

/** With its agent's id last, or without one for the default agent: what existing clients sent is what they get back. */
function identified(snapshot: Snapshot, agentId: string): Snapshot {
  // JSON leaves out what is undefined; both copies of the other fields would cost as much as the check of them.
  snapshot.agent_id = agentId === DEFAULT_AGENT_ID ? undefined : agentId;
  return snapshot;
}
