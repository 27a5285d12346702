import { randomUUID } from 'node:crypto';
import { silenceEndpoints } from '../../core/contracts/endpoints/silences.ts';
import type { Silence } from '../../core/contracts/alerting/silence.ts';
import type { SilenceView } from '../../core/contracts/alerting/views.ts';
import { nowSeconds } from '../../core/time.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { refuseField } from '../http/validation.ts';
import { actorOf, auditLine } from '../http/auditTrail.ts';
import { route, type Route } from '../http/route.ts';
import type { Alerting } from './alerting.ts';

/** Longer ones are forgotten: a rule that nobody wants to hear of is disabled. */
const MAX_DAYS = 366;

/** `GET` and `POST /api/silences`, `DELETE /api/silences/:id`: what nothing is told of for a while. */
export function silenceRoutes({ kept, settings }: Pick<Alerting, 'kept' | 'settings'>): Route[] {
  return [
    route(silenceEndpoints.list, {
      access: 'reader',
      async handle(request) {
        const { silences } = requireHistory(kept);
        const { over, limit } = request.query();
        const now = nowSeconds();
        const found = await silences.list({ endsAfter: over === 'true' ? undefined : now, limit });
        return { silences: found.map((silence) => viewOf(silence, now)) };
      },
    }),
    route(silenceEndpoints.create, {
      access: 'operator',
      async handle(request, ctx) {
        const { silences } = requireHistory(kept);
        const body = await request.body();
        const now = nowSeconds();
        const silence: Silence = { ...body, id: randomUUID(), starts_at: body.starts_at ?? now };
        checkTimes(silence, now);
        await silences.create(silence, actorOf(ctx, silence.author));
        await settings.publish();
        ctx.state.log.info({ ...auditLine(ctx), silence }, 'silence created');
        return viewOf(silence, now);
      },
    }),
    route(silenceEndpoints.expire, {
      access: 'operator',
      async handle(request, ctx) {
        const { silences } = requireHistory(kept);
        const { id } = request.params();
        const now = nowSeconds();
        const silence = await silences.expire(id, now, actorOf(ctx));
        await settings.publish();
        ctx.state.log.info({ ...auditLine(ctx), silence: id }, 'silence ended');
        return viewOf(silence, now);
      },
    }),
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
