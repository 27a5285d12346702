import type { z } from 'zod';
import { isCanonicalSnapshot } from '../../core/snapshot/canonical.ts';
import { acceptedSchema, MAX_SNAPSHOT_BYTES, snapshotSchema } from '../../core/contracts/snapshot.ts';
import { InvalidRequestError } from '../../core/errors.ts';
import { readJson } from '../http/jsonBody.ts';
import { validate } from '../http/validation.ts';
import {
  agentHeadersSchema,
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
import type { Route } from '../http/route.ts';

/** `POST /ingest/metrics`: one snapshot of one agent. */
export function ingestRoute(options: IngestOptions): Route {
  const { intake, clock, identity } = options;
  const countRequest = createAgentLimit(options);

  return {
    method: 'post',
    path: '/ingest/metrics',
    summary: 'Hand in a snapshot',
    tag: 'ingest',
    access: 'agent',
    headers: agentHeadersSchema,
    body: snapshotSchema,
    answers: {
      200: { description: 'Taken: it will be in every store, once.', schema: acceptedSchema },
      403: { description: 'The token is that of another agent' },
      429: { description: 'More than the agent may send; see Retry-After' },
      503: { description: 'The queue cannot take it now; see Retry-After' },
    },
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
      ctx.body = { status: 'accepted', timestamp: snapshot.timestamp } satisfies z.output<
        typeof acceptedSchema
      >;
    },
  };
}
