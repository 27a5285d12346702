import { alertEndpoints } from '../../core/contracts/endpoints/alerts.ts';
import { InvalidRequestError } from '../../core/errors.ts';
import { parseTime, timeFault } from '../../core/history/times.ts';
import type { AlertPlace } from '../../core/stores/postgres/alertRecords.ts';
import { nowSeconds } from '../../core/time.ts';
import { labelPairs } from '../http/labelFilter.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { refuseCursor } from '../http/validation.ts';
import { route, type Route } from '../http/route.ts';
import type { Alerting } from './alerting.ts';

/** `GET /api/alerts`: what fires, what is about to, and what did. */
export function alertListRoute({ book, kept }: Pick<Alerting, 'book' | 'kept'>): Route {
  return route(alertEndpoints.list, {
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
      const found = isImpossible ? [] : await book.list(filter, after, asked.limit);
      const page = found.slice(0, asked.limit);
      const last = page.at(-1);
      return {
        alerts: await book.views(page, now),
        next_cursor:
          found.length > asked.limit && last !== undefined ? `${last.started_at}.${last.id}` : null,
      };
    },
  });
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
