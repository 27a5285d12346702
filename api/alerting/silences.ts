import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { silenceBodySchema, silenceSchema, type Silence } from '../../core/contracts/alerting/silence.ts';
import {
  silenceListSchema,
  silencesQuerySchema,
  silenceViewSchema,
  type SilenceList,
  type SilenceView,
} from '../../core/contracts/alerting/views.ts';
import { nowSeconds } from '../../core/time.ts';
import type { Alerting } from './alerting.ts';
import { readJson } from '../http/jsonBody.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { refuseField, validate } from '../http/validation.ts';
import { actorOf, auditLine } from '../http/auditTrail.ts';
import { MAX_BODY_BYTES } from './changes.ts';
import type { Route } from '../http/route.ts';

const PATH = '/api/silences';

/** Longer ones are forgotten: a rule that nobody wants to hear of is disabled. */
const MAX_DAYS = 366;

const paramsSchema = z.object({ id: silenceSchema.shape.id });

const EXAMPLE: SilenceView = {
  id: '0b3f8a52-3c11-4a7e-9d0f-2f6f1f0f7c11',
  match: { agents: ['web-*'], labels: {}, rules: [], severities: [] },
  starts_at: 1764040332,
  ends_at: 1764043932,
  author: 'Ada',
  comment: 'New kernel',
  state: 'active',
};

const ANSWERS = {
  403: { description: 'Only the operator may' },
  503: { description: 'POSTGRES_DSN is not set, or a store is out of reach' },
};

/** `GET` and `POST /api/silences`, `DELETE /api/silences/:id`: what nothing is told of for a while. */
export function silenceRoutes({ kept, settings }: Pick<Alerting, 'kept' | 'settings'>): Route[] {
  return [
    {
      method: 'get',
      path: PATH,
      summary: 'Silences, those that end last first',
      tag: 'alerts',
      access: 'reader',
      query: silencesQuerySchema,
      answers: {
        200: {
          description: 'Those that are not over, or all that are kept',
          schema: silenceListSchema,
          example: { silences: [EXAMPLE] } satisfies SilenceList,
        },
        503: ANSWERS[503],
      },
      async handle(ctx) {
        const { silences } = requireHistory(kept);
        const { over, limit } = validate(silencesQuerySchema, ctx.query, 'query');
        const now = nowSeconds();
        const found = await silences.list({ endsAfter: over === 'true' ? undefined : now, limit });
        ctx.body = { silences: found.map((silence) => viewOf(silence, now)) } satisfies SilenceList;
      },
    },
    {
      method: 'post',
      path: PATH,
      summary: 'Silence alerts for a while',
      description: 'They fire all the same, and are told of when the silence is over and they still do.',
      tag: 'alerts',
      access: 'operator',
      body: silenceBodySchema,
      bodyExample: {
        match: { agents: ['web-*'], labels: {}, rules: [], severities: [] },
        ends_at: 1764043932,
        author: 'Ada',
        comment: 'New kernel',
      },
      answers: {
        201: { description: 'The silence', schema: silenceViewSchema, example: EXAMPLE },
        ...ANSWERS,
      },
      async handle(ctx) {
        const { silences } = requireHistory(kept);
        const body = validate(silenceBodySchema, await readJson(ctx.req, MAX_BODY_BYTES), 'body');
        const now = nowSeconds();
        const silence: Silence = { ...body, id: randomUUID(), starts_at: body.starts_at ?? now };
        checkTimes(silence, now);
        await silences.create(silence, actorOf(ctx, silence.author));
        await settings.publish();
        ctx.state.log.info({ ...auditLine(ctx), silence }, 'silence created');
        ctx.status = 201;
        ctx.body = viewOf(silence, now);
      },
    },
    {
      method: 'delete',
      path: `${PATH}/:id`,
      summary: 'End a silence now',
      tag: 'alerts',
      access: 'operator',
      params: paramsSchema,
      answers: {
        200: {
          description: 'The silence, which is over',
          schema: silenceViewSchema,
          example: { ...EXAMPLE, state: 'over' },
        },
        404: { description: 'There is none' },
        ...ANSWERS,
      },
      async handle(ctx) {
        const { silences } = requireHistory(kept);
        const { id } = validate(paramsSchema, ctx.params, 'path');
        const now = nowSeconds();
        const silence = await silences.expire(id, now, actorOf(ctx));
        await settings.publish();
        ctx.state.log.info({ ...auditLine(ctx), silence: id }, 'silence ended');
        ctx.body = viewOf(silence, now);
      },
    },
  ];
}

function viewOf(silence: Silence, now: number): SilenceView {
  const { starts_at, ends_at } = silence;
  return { ...silence, state: ends_at <= now ? 'over' : starts_at > now ? 'waiting' : 'active' };
}

/** @throws {InvalidRequestError} for a silence that would never be, or as good as for ever */
function checkTimes({ starts_at, ends_at }: Silence, now: number): void {
  const refuse = (msg: string) => refuseField(['body', 'ends_at'], msg);
  if (ends_at <= now) refuse('Lies in the past: epoch seconds after now');
  if (ends_at <= starts_at) refuse('Must be later than starts_at');
  if (ends_at - starts_at > MAX_DAYS * 86_400)
    refuse(`Must not be more than ${MAX_DAYS} days after starts_at: disable the rule instead`);
}
