import type { AnswerOf } from '../../core/contracts/endpoint.ts';
import { ingestEndpoints } from '../../core/contracts/endpoints/ingest.ts';
import { MAX_BATCH_BODY_BYTES } from '../../core/contracts/snapshot.ts';
import { InvalidRequestError, UnavailableError, type FieldFault } from '../../core/errors.ts';
import type { RouteContext } from '../http/context.ts';
import { readJsonOrLines } from '../http/jsonBody.ts';
import { MAX_FAULTS } from '../http/validation.ts';
import type { Route } from '../http/route.ts';
import { ageOf, isAllLive, parseBatch, type Placed } from './parseBatch.ts';
import {
  agentIdInHeader,
  createAgentLimit,
  futureFault,
  isFuture,
  labelsInHeader,
  refuseOtherId,
  reporterOf,
  sharedNow,
  toItem,
  type IngestOptions,
  type Reporter,
} from './agentRequest.ts';

/**
 * Most batches that are read or enqueued at the same time: 64 MB of them. After an outage every agent comes with one, and
 * a process takes some fifty a second.
 */
const MAX_IN_FLIGHT = 32;

/** `POST /ingest/metrics/batch`: many snapshots of one agent, all of them or none. */
export function ingestBatchRoute(options: IngestOptions): Route {
  const { intake, clock, identity, keptSeconds } = options;
  const countRequest = createAgentLimit(options);
  let inFlight = 0;

  async function take(ctx: RouteContext): Promise<{ snapshots: number; expired: number }> {
    const inHeader = agentIdInHeader(ctx);
    const labels = labelsInHeader(ctx);
    const body = await readJsonOrLines(ctx.req, MAX_BATCH_BODY_BYTES);
    const receivedAtMs = Date.now();
    const beganMs = performance.now();
    const { snapshots, faults } = parseBatch(body);
    const reporter = reporterOf(ctx, { inHeader, inBody: snapshots[0]?.snapshot.agent_id }, identity);

    const receivedSeconds = receivedAtMs / 1000;
    const [oldest, newest] = extremesOf(snapshots);
    // A node whose clock is wrong takes no live snapshot for history, and refuses none.
    const isPlain = isAllLive(oldest, receivedSeconds) && newest <= receivedSeconds;
    const sharedSeconds = isPlain ? receivedSeconds : await sharedNow(clock);
    faults.push(...faultsOf(ctx, snapshots, reporter, Math.max(receivedSeconds, sharedSeconds)));
    if (faults.length > 0) throw new InvalidRequestError(firstOf(faults));

    const counted = countRequest(ctx, reporter);
    if (counted !== undefined) await counted;
    const present = Math.min(receivedSeconds, sharedSeconds);
    const reference = Math.max(present, newest);
    const items = snapshots.map(({ snapshot }) =>
      toItem(snapshot, { ...reporter, receivedAtMs, age: ageOf(snapshot.timestamp, reference), labels }),
    );
    await intake.submit(items, beganMs);
    const expired = snapshots.filter(({ snapshot }) => snapshot.timestamp < present - keptSeconds);
    return { snapshots: items.length, expired: expired.length };
  }

  return {
    ...ingestEndpoints.batch,
    access: 'agent',
    async handle(ctx) {
      if (inFlight >= MAX_IN_FLIGHT)
        throw new UnavailableError('Too many batches at once: hand it in again when Retry-After says');
      inFlight += 1;
      try {
        const { snapshots, expired } = await take(ctx);
        ctx.body = {
          status: 'accepted',
          snapshots,
          ...(expired > 0 ? { expired } : {}),
        } satisfies AnswerOf<typeof ingestEndpoints.batch>;
      } finally {
        inFlight -= 1;
      }
    },
  };
}

function extremesOf(snapshots: Placed[]): [oldest: number, newest: number] {
  let [oldest, newest] = [Infinity, -Infinity];
  for (const { snapshot } of snapshots) {
    if (snapshot.timestamp < oldest) oldest = snapshot.timestamp;
    if (snapshot.timestamp > newest) newest = snapshot.timestamp;
  }
  return [oldest, newest];
}

/** What is wrong with snapshots that the schema has let through. */
function faultsOf(
  { state }: RouteContext,
  snapshots: Placed[],
  { agentId }: Reporter,
  nowSeconds: number,
): FieldFault[] {
  const faults: FieldFault[] = [];
  for (const { index, snapshot } of snapshots) {
    const place = ['body', index];
    const named = snapshot.agent_id;
    if (named !== undefined && named !== agentId) {
      if (state.agent !== undefined) refuseOtherId(state.agent, named);
      const msg = `This batch is of the agent ${agentId}: hand in those of others apart`;
      faults.push({ loc: [...place, 'agent_id'], msg, type: 'other_agent' });
    }
    if (isFuture(snapshot, nowSeconds)) faults.push(futureFault(place));
  }
  return faults;
}

function firstOf(faults: FieldFault[]): FieldFault[] {
  return faults.toSorted((a, b) => Number(a.loc[1]) - Number(b.loc[1])).slice(0, MAX_FAULTS);
}
