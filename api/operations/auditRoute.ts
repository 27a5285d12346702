import { auditPageSchema, auditQuerySchema, type AuditPage } from '../../core/contracts/alerting/views.ts';
import type { AuditStore } from '../../core/stores/postgres/audit.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { refuseCursor, validate } from '../http/validation.ts';
import type { Route } from '../http/route.ts';

/** Up to what a bigint of PostgreSQL holds, whatever the digits say. */
const ENTRY_ID = /^\d{1,18}$/;

/** `GET /api/audit`: who changed what, and when. */
export function auditTrailRoute(audit: AuditStore | undefined): Route {
  return {
    method: 'get',
    path: '/api/audit',
    summary: 'What was changed by hand, newest first',
    tag: 'operations',
    access: 'operator',
    query: auditQuerySchema,
    answers: {
      200: {
        description: 'A page of entries; next_cursor is null on the last one',
        schema: auditPageSchema,
        example: {
          entries: [
            {
              id: '42',
              at_ms: 1764040342120,
              role: 'operator',
              address: '192.0.2.7',
              by: null,
              action: 'channel.changed',
              target: 'ops-hook',
              detail: {
                name: 'Ops, on call',
                target: { kind: 'webhook', url: 'https://hooks.example.com/topline' },
                secrets: ['secret'],
              },
            },
          ],
          next_cursor: '42',
        } satisfies AuditPage,
      },
      403: { description: 'Only the operator may' },
      503: { description: 'POSTGRES_DSN is not set, or PostgreSQL is out of reach' },
    },
    async handle(ctx) {
      const kept = requireHistory(audit);
      const { target, limit, cursor } = validate(auditQuerySchema, ctx.query, 'query');
      if (cursor !== undefined && !ENTRY_ID.test(cursor)) refuseCursor();
      const found = await kept.list({ limit: limit + 1, beforeId: cursor, target });
      const entries = found.slice(0, limit);
      ctx.body = {
        entries,
        next_cursor: found.length > limit ? (entries.at(-1)?.id ?? null) : null,
      } satisfies AuditPage;
    },
  };
}
