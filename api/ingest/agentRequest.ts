import {
  AGENT_ID_PATTERN,
  DEFAULT_AGENT_ID,
  MAX_FUTURE_SECONDS,
  isPathStep,
  NO_PATH_STEP,
  type Snapshot,
} from '../../core/contracts/snapshot.ts';
import type { FieldFault } from '../../core/errors.ts';
import { HttpError } from '../http/errors.ts';
import { agentHeadersSchema } from '../../core/contracts/endpoints/ingest.ts';
import { toQueuedRow, toSnapshotRow, type Origin } from '../../core/snapshot/row.ts';
import type { SharedClock } from '../../core/stores/redis/clock.ts';
import type { Limit } from '../../core/stores/redis/rateLimit.ts';
import type { AgentCaller } from '../http/auth.ts';
import { UNKNOWN_ADDRESS } from '../http/clientAddress.ts';
import type { RouteContext } from '../http/context.ts';
import type { Intake } from './intake.ts';
import { unknownAgentToken } from '../http/authGuards.ts';
import type { IntakeItem } from './batching.ts';
import type { NewAgents } from './newAgents.ts';
import type { RateLimiter } from './rateLimiter.ts';
import { orRedisUnavailable, REDIS_DEADLINE_MS } from '../http/redisUnavailable.ts';
import { refuseField, validate } from '../http/validation.ts';

/** The limit counts requests a minute. */
export const LIMIT_WINDOW_MS = 60_000;

export interface IngestOptions {
  intake: Intake;
  clock: SharedClock;
  /** Absent where there is no limit. */
  rateLimiter: RateLimiter | undefined;
  /** Absent where any number of agents may come. */
  newAgents: NewAgents | undefined;
  /** Requests a minute. */
  ratePerMinute: number;
  identity: 'default' | 'ip';
  /** How long the store that keeps snapshots longest does so, in seconds; it may be infinite. */
  keptSeconds: number;
}

/** Who sends a request with snapshots. */
export interface Reporter {
  agentId: string;
  /** The id it claims, rightly; undefined for one that is known by its address or not at all. */
  claimed: string | undefined;
}

/** @throws {InvalidRequestError} where the header is there and is no agent id */
export function agentIdInHeader({ req }: RouteContext): string | undefined {
  const value = req.headers['x-agent-id'];
  const named = Array.isArray(value) ? value[0] : value;
  if (named === undefined || AGENT_ID_PATTERN.test(named)) return named;
  return validate(agentHeadersSchema, { 'X-Agent-Id': named }, 'header')['X-Agent-Id'];
}

/**
 * What an agent says of itself; undefined where it does not say anything.
 *
 * @throws {InvalidRequestError} where the header is there and holds no labels
 */
export function labelsInHeader({ req }: RouteContext): string | undefined {
  const value = req.headers['x-agent-labels'];
  if (value === undefined) return undefined;
  const text = String(value);
  return validate(agentHeadersSchema, { 'X-Agent-Labels': text }, 'header')['X-Agent-Labels'];
}

/**
 * Who reports: whom its own token names, else its header, else its body, else as `AGENT_IDENTITY` has it.
 *
 * @throws {HttpError} 401 and 403 where the token does not allow it
 * @throws {InvalidRequestError} where the id is one that no address can hold
 */
export function reporterOf(
  ctx: RouteContext,
  { inHeader, inBody }: { inHeader: string | undefined; inBody: string | undefined },
  identity: IngestOptions['identity'],
): Reporter {
  const { agent } = ctx.state;
  if (agent === undefined) throw unknownAgentToken();
  refuseOtherId(agent, inHeader);
  refuseOtherId(agent, inBody);
  const claimed = agent.ownId ?? inHeader ?? inBody;
  const agentId = claimed ?? (identity === 'ip' ? addressOf(ctx) : DEFAULT_AGENT_ID);
  if (!agent.mayReportAs(agentId)) throw unknownAgentToken();
  if (isPathStep(agentId))
    refuseField(inHeader === undefined ? ['body', 'agent_id'] : ['header', 'X-Agent-Id'], NO_PATH_STEP);
  return { agentId, claimed };
}

/** @throws {HttpError} 403 where the token is one agent's own, and another one is named */
export function refuseOtherId({ ownId }: AgentCaller, named: string | undefined): void {
  if (ownId === undefined || named === undefined || named === ownId) return;
  throw new HttpError(403, `This token belongs to the agent ${ownId}: it cannot report as ${named}`);
}

/** Empty once the connection is gone: nobody sees an answer then, and it is no agent's id. */
function addressOf({ state }: RouteContext): string {
  if (state.address === '') throw new HttpError(400, 'The connection is gone');
  // Hosts under one name would be one host: nobody could tell their figures apart again.
  if (state.address === UNKNOWN_ADDRESS)
    throw new HttpError(
      400,
      'No address of this agent can be read in X-Forwarded-For or Forwarded, and by AGENT_IDENTITY=ip it has no other ' +
        'name: let the proxy in front send it, or the agent X-Agent-Id',
    );
  return state.address;
}

/**
 * Lets a new agent in, counts the request of any, and tells it in the headers what is left. All routes of agents share the
 * count. An agent that is not let in is not counted: nothing is to be left of it.
 *
 * @returns a promise only where Redis has to be asked; either way it throws 429 past a limit
 */
export function createAgentLimit({ newAgents, rateLimiter, ratePerMinute }: IngestOptions) {
  const policy = `"agent";q=${ratePerMinute};w=${LIMIT_WINDOW_MS / 1000}`;

  function tell(ctx: RouteContext, { allowed, remaining, resetMs }: Limit): void {
    const resetSeconds = Math.ceil(resetMs / 1000);
    ctx.set('RateLimit-Policy', policy);
    ctx.set('RateLimit', `"agent";r=${remaining};t=${resetSeconds}`);
    if (!allowed) throw new HttpError(429, 'Agent rate limit exceeded', resetSeconds || 1);
  }

  function count(ctx: RouteContext, { claimed }: Reporter): void | Promise<void> {
    if (rateLimiter === undefined) return;
    const taken = rateLimiter.take(
      claimed === undefined ? `address:${ctx.state.address}` : `agent:${claimed}`,
    );
    if (!(taken instanceof Promise)) return tell(ctx, taken);
    return orRedisUnavailable(() => taken, REDIS_DEADLINE_MS).then((limit) => tell(ctx, limit));
  }

  return function countRequest(ctx: RouteContext, reporter: Reporter): void | Promise<void> {
    const asked = newAgents?.refusal(reporter.agentId, {
      address: ctx.state.address,
      isVouchedFor: ctx.state.agent?.ownId !== undefined,
    });
    if (asked === undefined) return count(ctx, reporter);
    return orRedisUnavailable(() => asked, REDIS_DEADLINE_MS).then((refusal) => {
      if (refusal === undefined) return count(ctx, reporter);
      throw new HttpError(429, refusal.detail, Math.ceil(refusal.retryAfterMs / 1000) || 1);
    });
  };
}

export function isFuture({ timestamp }: Snapshot, nowSeconds: number): boolean {
  return timestamp > nowSeconds + MAX_FUTURE_SECONDS;
}

/** The time of all nodes: one whose own clock is behind must not refuse what agents with a right one send. */
export function sharedNow(clock: SharedClock): Promise<number> {
  return orRedisUnavailable(() => clock.nowSeconds(), REDIS_DEADLINE_MS);
}

export function futureFault(place: FieldFault['loc']): FieldFault {
  const msg = `Timestamp lies more than ${MAX_FUTURE_SECONDS} seconds in the future: set the agent's clock`;
  return { loc: [...place, 'timestamp'], msg, type: 'too_far_in_the_future' };
}

/** The snapshot as the queues get it. */
export function toItem(
  snapshot: Snapshot,
  { age, labels, ...origin }: Origin & Pick<IntakeItem, 'age'> & { labels: string | undefined },
): IntakeItem {
  const row = toQueuedRow(toSnapshotRow(snapshot, origin));
  return { row: labels === undefined ? row : { ...row, labels }, age };
}
