import type { AnswerOf } from '../../core/contracts/endpoint.ts';
import { ingestEndpoints } from '../../core/contracts/endpoints/ingest.ts';
import { isCanonicalSnapshot } from '../../core/snapshot/canonical.ts';
import { MAX_SNAPSHOT_BYTES, snapshotSchema } from '../../core/contracts/snapshot.ts';
import { InvalidRequestError } from '../../core/errors.ts';
import { readJson } from '../http/jsonBody.ts';
import type { Route } from '../http/route.ts';
import { validate } from '../http/validation.ts';
import {
  agentIdInHeader,
  createAgentLimit,
  futureFault,
  isFuture,
  labelsInHeader,
  reporterOf,
  sharedNow,
  toItem,
  type IngestOptions,
} from './agentRequest.ts';

/** `POST /ingest/metrics`: one snapshot of one agent. */
export function ingestRoute(options: IngestOptions): Route {
  const { intake, clock, identity } = options;
  const countRequest = createAgentLimit(options);

  return {
    ...ingestEndpoints.snapshot,
    access: 'agent',
    async handle(ctx) {
      const inHeader = agentIdInHeader(ctx);
      const labels = labelsInHeader(ctx);
      const body = await readJson(ctx.req, MAX_SNAPSHOT_BYTES);
      const snapshot = isCanonicalSnapshot(body) ? body : validate(snapshotSchema, body, 'body');
      const receivedAtMs = Date.now();
      const beganMs = performance.now();
      if (isFuture(snapshot, receivedAtMs / 1000) && isFuture(snapshot, await sharedNow(clock)))
        throw new InvalidRequestError([futureFault(['body'])]);

      const reporter = reporterOf(ctx, { inHeader, inBody: snapshot.agent_id }, identity);
      const counted = countRequest(ctx, reporter);
      if (counted !== undefined) await counted;
      await intake.submit([toItem(snapshot, { ...reporter, receivedAtMs, age: 'live', labels })], beganMs);
      ctx.body = { status: 'accepted', timestamp: snapshot.timestamp } satisfies AnswerOf<
        typeof ingestEndpoints.snapshot
      >;
    },
  };
}
