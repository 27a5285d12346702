import { z } from 'zod';
import {
  acceptedSchema,
  agentIdSchema,
  DEFAULT_AGENT_ID,
  MAX_FUTURE_SECONDS,
  MAX_SNAPSHOT_BYTES,
  snapshotSchema,
  type Snapshot,
} from '../../core/contracts/snapshot.ts';
import { InvalidRequestError, ServiceError } from '../../core/errors.ts';
import type { RateLimitStore } from '../../core/stores/rateLimit.ts';
import type { AgentCaller } from '../access.ts';
import type { RouteContext } from '../context.ts';
import type { Intake } from '../intake.ts';
import { unknownAgentToken, type AgentState } from '../middleware/access.ts';
import { readJson } from '../middleware/jsonBody.ts';
import { orRedisUnavailable, REDIS_DEADLINE_MS } from '../redisUnavailable.ts';
import { snapshotIdentity } from '../../core/snapshotIdentity.ts';
import { validate } from '../validation.ts';
import type { Route } from './route.ts';

const WINDOW_MS = 60_000;

const headersSchema = z.object({
  'X-Agent-Id': agentIdSchema.optional(),
  'X-Agent-Token': z.string().optional().meta({
    description:
      'The token of this agent, or AGENT_API_TOKEN. Needed where AGENT_API_TOKEN is set, and by an agent that has one of its own.',
  }),
});

/** Made once: a schema made anew is compiled anew, which costs more than all the rest of a request. */
const identitySchema = headersSchema.pick({ 'X-Agent-Id': true });

export interface IngestOptions {
  intake: Intake;
  rateLimits: RateLimitStore;
  /** Snapshots a minute; 0 or less for no limit. */
  ratePerMinute: number;
  identity: 'default' | 'ip';
}

/** `POST /ingest/metrics`: one snapshot of one agent. */
export function ingestRoute({ intake, rateLimits, ratePerMinute, identity }: IngestOptions): Route {
  async function limit(ctx: RouteContext, name: string): Promise<void> {
    if (ratePerMinute <= 0) return;
    const taken = await orRedisUnavailable(
      () => rateLimits.take(name, ratePerMinute, WINDOW_MS),
      REDIS_DEADLINE_MS,
    );
    ctx.set('RateLimit-Policy', `"agent";q=${ratePerMinute};w=${WINDOW_MS / 1000}`);
    ctx.set('RateLimit', `"agent";r=${taken.remaining};t=${Math.ceil(taken.resetMs / 1000)}`);
    if (!taken.allowed)
      throw new ServiceError(429, 'Agent rate limit exceeded', Math.ceil(taken.resetMs / 1000) || 1);
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
      const headers = validate(identitySchema, { 'X-Agent-Id': header(ctx, 'x-agent-id') }, 'header');
      const snapshot = validate(snapshotSchema, await readJson(ctx.req, MAX_SNAPSHOT_BYTES), 'body');
      const receivedAtMs = Date.now();
      refuseFuture(snapshot, receivedAtMs);

      const { agent } = ctx.state as AgentState;
      refuseOtherId(agent, headers['X-Agent-Id']);
      refuseOtherId(agent, snapshot.agent_id);
      const claimed = agent.ownId ?? headers['X-Agent-Id'] ?? snapshot.agent_id;
      const agentId = claimed ?? (identity === 'ip' ? addressOf(ctx) : DEFAULT_AGENT_ID);
      if (!agent.mayReportAs(agentId)) throw unknownAgentToken();
      await limit(ctx, claimed === undefined ? `address:${ctx.state.address}` : `agent:${claimed}`);

      const json = JSON.stringify(identified(snapshot, agentId));
      await intake.submit({
        agentId,
        snapshotId: snapshotIdentity(agentId, json),
        timestamp: snapshot.timestamp,
        cpuPercent: snapshot.total_cpu_percent,
        receivedAtMs,
        json,
      });
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

function header(ctx: RouteContext, name: string): string | undefined {
  const value = ctx.req.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function refuseFuture({ timestamp }: Snapshot, nowMs: number): void {
  if (timestamp <= nowMs / 1000 + MAX_FUTURE_SECONDS) return;
  const msg = `Timestamp lies more than ${MAX_FUTURE_SECONDS} seconds in the future: set the agent's clock`;
  throw new InvalidRequestError([{ loc: ['body', 'timestamp'], msg, type: 'too_far_in_the_future' }]);
}

/** With its agent's id last, or without one for the default agent: what existing clients sent is what they get back. */
function identified({ agent_id: _, ...snapshot }: Snapshot, agentId: string): Snapshot {
  return agentId === DEFAULT_AGENT_ID ? snapshot : { ...snapshot, agent_id: agentId };
}
