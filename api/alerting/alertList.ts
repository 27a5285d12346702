import { alertPageSchema, alertsQuerySchema, type AlertPage } from '../../core/contracts/alerting/views.ts';
import { InvalidRequestError } from '../../core/errors.ts';
import { parseTime, timeFault } from '../../core/history/times.ts';
import type { AlertPlace } from '../../core/stores/postgres/alertRecords.ts';
import { nowSeconds } from '../../core/time.ts';
import type { Alerting } from './alerting.ts';
import { labelPairs } from '../http/labelFilter.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { refuseCursor, validate } from '../http/validation.ts';
import { ALERT_EXAMPLE } from './alert.ts';
import type { Route } from '../http/route.ts';

/** `GET /api/alerts`: what fires, what is about to, and what did. */
export function alertListRoute({ book, kept }: Pick<Alerting, 'book' | 'kept'>): Route {
  return {
    method: 'get',
    path: '/api/alerts',
    summary: 'Alerts of all rules, newest first',
    description:
      'Where no history is kept (POSTGRES_DSN is not set), there are only those that are pending or fire. Where only those ' +
      'are asked for, by state, PostgreSQL may be away.',
    tag: 'alerts',
    access: 'reader',
    isCostly: true,
    query: alertsQuerySchema,
    examples: {
      firing: { summary: 'What fires now', query: { state: 'firing' } },
      lastDay: {
        summary: 'What was critical on one host in the last day',
        query: { severity: 'critical', agent: 'web-01', from: '-24h' },
      },
    },
    answers: {
      200: {
        description: 'A page of alerts; next_cursor is null on the last one',
        schema: alertPageSchema,
        example: { alerts: [ALERT_EXAMPLE], next_cursor: null } satisfies AlertPage,
      },
      503: {
        description: 'A store is out of reach; or what is resolved is asked for, and POSTGRES_DSN is not set',
      },
    },
    async handle(ctx) {
      const asked = validate(alertsQuerySchema, ctx.query, 'query');
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
      ctx.body = {
        alerts: await book.views(page, now),
        next_cursor:
          found.length > asked.limit && last !== undefined ? `${last.started_at}.${last.id}` : null,
      } satisfies AlertPage;
    },
  };
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
