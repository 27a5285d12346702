import { operationEndpoints } from '../../core/contracts/endpoints/operations.ts';
import type { AuditStore } from '../../core/stores/postgres/audit.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { refuseCursor } from '../http/validation.ts';
import { route, type Route } from '../http/route.ts';

/** Up to what a bigint of PostgreSQL holds, whatever the digits say. */
const ENTRY_ID = /^\d{1,18}$/;

/** `GET /api/audit`: who changed what, and when. */
export function auditTrailRoute(audit: AuditStore | undefined): Route {
  return route(operationEndpoints.audit, {
    access: 'operator',
    async handle(request) {
      const kept = requireHistory(audit);
      const { target, limit, cursor } = request.query();
      if (cursor !== undefined && !ENTRY_ID.test(cursor)) refuseCursor();
      const found = await kept.list({ limit: limit + 1, beforeId: cursor, target });
      const entries = found.slice(0, limit);
      return {
        entries,
        next_cursor: found.length > limit ? (entries.at(-1)?.id ?? null) : null,
      };
    },
  });
}
