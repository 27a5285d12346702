import { auditEntrySchema, type AuditAction, type AuditEntry } from '../../contracts/alerting/record.ts';
import type { Models, PrismaClient } from '../../platform/prisma.ts';
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
  detail: object;
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

/** Writes a change down, in the transaction that makes it. */
export async function insertAudit(
  models: Pick<Models, 'auditEntry'>,
  { actor: { role, address, by }, action, target, detail }: AuditRecord,
): Promise<void> {
  await models.auditEntry.create({
    data: { role, address, by: by ?? null, action, target, detail },
    select: { id: true },
  });
}

export function createAuditStore({ prisma }: { prisma: PrismaClient }): AuditStore {
  return {
    record: (record) => orUnavailable(() => insertAudit(prisma, record)),
    list: ({ limit, beforeId, target }) =>
      orUnavailable(async () => {
        const found = await prisma.auditEntry.findMany({
          where: {
            ...(beforeId === undefined ? {} : { id: { lt: BigInt(beforeId) } }),
            ...(target === undefined ? {} : { target }),
          },
          orderBy: { id: 'desc' },
          take: limit,
        });
        return found.map(({ id, at, ...entry }) =>
          auditEntrySchema.parse({ ...entry, id: String(id), at_ms: at.getTime() }),
        );
      }),
  };
}
