import { z } from 'zod';
import { auditEntrySchema, type AuditAction, type AuditEntry } from '../../contracts/alerting/record.ts';
import type { PrismaClient } from '../../platform/prisma.ts';
import { orUnavailable } from './unavailable.ts';

/** Who changes something: what the request tells of itself. */
export interface Actor {
  role: string;
  address: string;
  /** Their own words, where a change asks for that. */
  by?: string | undefined;
}

/** What is written down of a change. */
export interface AuditRecord {
  actor: Actor;
  action: AuditAction;
  target: string;
  /** What was said; never a secret. */
  detail: Record<string, unknown>;
}

export interface AuditQuery {
  /** Most entries. */
  limit: number;
  /** Only those before this one. */
  beforeId: string | undefined;
  target: string | undefined;
}

/** Every change by hand, newest first. Methods throw an UnavailableError where PostgreSQL cannot do it now. */
export interface AuditStore {
  /** For changes that are made elsewhere; one in this database is written down in its transaction (`insertAudit`). */
  record(record: AuditRecord): Promise<void>;
  list(query: AuditQuery): Promise<AuditEntry[]>;
}

/** What runs a statement: a client, or its transaction. */
export type Statements = Pick<PrismaClient, '$queryRawUnsafe' | '$executeRawUnsafe'>;

/** Writes a change down, in the transaction that makes it. */
export async function insertAudit(
  statements: Statements,
  { actor, action, target, detail }: AuditRecord,
): Promise<void> {
  await statements.$executeRawUnsafe(
    `INSERT INTO topline_audit_entries (role, address, "by", action, target, detail)
     VALUES ($1, $2, $3, $4, $5, $6::jsonb)`,
    actor.role,
    actor.address,
    actor.by ?? null,
    action,
    target,
    JSON.stringify(detail),
  );
}

export function createAuditStore({ prisma }: { prisma: PrismaClient }): AuditStore {
  const table = 'topline_audit_entries';
  return {
    record: (record) => orUnavailable(() => insertAudit(prisma, record)),
    list: ({ limit, beforeId, target }) =>
      orUnavailable(async () => {
        const [row] = await prisma.$queryRawUnsafe<{ entries: string | null }[]>(
          `SELECT json_agg(json_build_object('id', id::text, 'at_ms', floor(extract(epoch FROM at) * 1000), 'role', role,
             'address', address, 'by', "by", 'action', action, 'target', target, 'detail', detail) ORDER BY id DESC)::text AS entries
           FROM (SELECT * FROM ${table} WHERE ($2::bigint IS NULL OR id < $2::bigint) AND ($3::text IS NULL OR target = $3)
             ORDER BY id DESC LIMIT $1::int) AS newest`,
          limit,
          beforeId ?? null,
          target ?? null,
        );
        return z.array(auditEntrySchema).parse(JSON.parse(row?.entries ?? '[]'));
      }),
  };
}
