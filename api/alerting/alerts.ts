import { alertEndpoints } from '../../core/contracts/endpoints/alerts.ts';
import { InvalidRequestError, NotFoundError } from '../../core/errors.ts';
import { parseTime, timeFault } from '../../core/history/times.ts';
import type { AlertPlace } from '../../core/stores/postgres/alertRecords.ts';
import { nowSeconds } from '../../core/time.ts';
import { labelPairs } from '../http/labelFilter.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { refuseCursor } from '../http/validation.ts';
import { route, type Route } from '../http/route.ts';
import type { Alerting } from './alerting.ts';

/** `GET /api/alerts`: what fires, what is about to, and what did; and `/:id`, one of them with all that happened to it. */
export function alertRoutes({ alerts, kept }: Pick<Alerting, 'alerts' | 'kept'>): Route[] {
  return [
    route(alertEndpoints.list, {
      access: 'reader',
      isCostly: true,
      async handle(request) {
        const asked = request.query();
        if (asked.state?.includes('resolved') === true) requireHistory(kept);
        const after = asked.cursor === undefined ? undefined : readPlace(asked.cursor);
        const now = nowSeconds();
        const pairs = labelPairs(asked.label);
        const labels = Object.fromEntries(pairs);
        // Two values of one key, which nothing has.
        const isImpossible = pairs.some(([key, value]) => labels[key] !== value);
        const filter = {
          states: asked.state,
          severities: asked.severity,
          agentIds: asked.agent,
          ruleIds: asked.rule,
          labels: pairs.length === 0 ? undefined : labels,
          from: timeOf('from', asked.from, now),
          to: timeOf('to', asked.to, now),
        };
        const found = isImpossible ? [] : await alerts.list(filter, after, asked.limit);
        const page = found.slice(0, asked.limit);
        const last = page.at(-1);
        return {
          alerts: await alerts.views(page, now),
          next_cursor:
            found.length > asked.limit && last !== undefined ? `${last.started_at}.${last.id}` : null,
        };
      },
    }),
    route(alertEndpoints.get, {
      access: 'reader',
      async handle(request) {
        const { id } = request.params();
        return (await alerts.detail(id, nowSeconds())) ?? refuseUnknownAlert(id);
      },
    }),
  ];
}

/** @throws {NotFoundError} */
export function refuseUnknownAlert(id: string): never {
  throw new NotFoundError(`There is no alert ${id}`);
}

function timeOf(name: 'from' | 'to', text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const time = parseTime(text, now);
  if (time === undefined) throw new InvalidRequestError([timeFault(name)]);
  return time;
}

function readPlace(cursor: string): AlertPlace {
  const [, startedAt, id] = /^(\d{1,12})\.([^\0]+)$/.exec(cursor) ?? [];
  if (startedAt === undefined || id === undefined) refuseCursor();
  return { startedAt: Number(startedAt), id };
}
