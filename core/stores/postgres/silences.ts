import { silenceSchema, type Silence } from '../../contracts/alerting/silence.ts';
import { NotFoundError } from '../../errors.ts';
import type { Prisma, PrismaClient } from '../../platform/prisma.ts';
import { insertAudit, type Actor } from './audit.ts';
import { orUnavailable } from './unavailable.ts';

export interface SilenceQuery {
  /** Only those that end after this moment, epoch seconds; undefined: all that are kept. */
  endsAfter: number | undefined;
  /** Most of them. */
  limit: number;
}

/** Silences in PostgreSQL, also those that are over. Methods throw an UnavailableError where it cannot do it now. */
export interface SilenceStore {
  /** Those that end last come first. */
  list(query: SilenceQuery): Promise<Silence[]>;
  /** Repeating it, with the same id, changes nothing. */
  create(silence: Silence, actor: Actor): Promise<void>;
  /**
   * Ends one now (epoch seconds), and keeps it; one that is over stays as it is.
   *
   * @throws {NotFoundError} where there is none
   */
  expire(id: string, nowSeconds: number, actor: Actor): Promise<Silence>;
}

export function createSilenceStore({ prisma }: { prisma: PrismaClient }): SilenceStore {
  return {
    list: ({ endsAfter, limit }) =>
      orUnavailable(async () => {
        const found = await prisma.silence.findMany({
          where: endsAfter === undefined ? {} : { endsAt: { gt: dateOf(endsAfter) } },
          orderBy: [{ endsAt: 'desc' }, { id: 'asc' }],
          take: limit,
        });
        return found.flatMap((row) => silenceSchema.safeParse(silenceOf(row)).data ?? []);
      }),

    create: ({ id, starts_at, ends_at, ...body }, actor) =>
      orUnavailable(() =>
        prisma.$transaction(async (transaction) => {
          const { count } = await transaction.silence.createMany({
            data: [{ id, startsAt: dateOf(starts_at), endsAt: dateOf(ends_at), body }],
            skipDuplicates: true,
          });
          if (count === 0) return;
          await insertAudit(transaction, {
            actor: { ...actor, by: body.author },
            action: 'silence.created',
            target: id,
            detail: { ...body, id, starts_at, ends_at },
          });
        }),
      ),

    expire: (id, nowSeconds, actor) =>
      orUnavailable(() =>
        prisma.$transaction(async ({ silence, auditEntry }) => {
          const now = dateOf(nowSeconds);
          await silence.updateMany({ where: { id, endsAt: { gt: now } }, data: { endsAt: now } });
          await silence.updateMany({ where: { id, startsAt: { gt: now } }, data: { startsAt: now } });
          const row = await silence.findUnique({ where: { id } });
          if (row === null) throw new NotFoundError(`There is no silence ${id}`);
          await insertAudit({ auditEntry }, { actor, action: 'silence.expired', target: id, detail: {} });
          return silenceSchema.parse(silenceOf(row));
        }),
      ),
  };
}

function silenceOf({ id, startsAt, endsAt, body }: Prisma.SilenceGetPayload<object>): unknown {
  return {
    ...(body as object),
    id,
    starts_at: Math.floor(startsAt.getTime() / 1000),
    ends_at: Math.floor(endsAt.getTime() / 1000),
  };
}

function dateOf(epochSeconds: number): Date {
  return new Date(epochSeconds * 1000);
}
