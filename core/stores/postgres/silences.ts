import { z } from 'zod';
import { silenceSchema, type Silence } from '../../contracts/alerting/silence.ts';
import { NotFoundError } from '../../errors.ts';
import type { PrismaClient } from '../../platform/prisma.ts';
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

const COLUMNS = `body || jsonb_build_object('id', id, 'starts_at', floor(extract(epoch FROM starts_at)),
  'ends_at', floor(extract(epoch FROM ends_at)))`;

export function createSilenceStore({ prisma }: { prisma: PrismaClient }): SilenceStore {
  const table = 'topline_silences';

  return {
    list: ({ endsAfter, limit }) =>
      orUnavailable(async () => {
        const [row] = await prisma.$queryRawUnsafe<{ silences: string | null }[]>(
          `SELECT json_agg(${COLUMNS} ORDER BY ends_at DESC, id)::text AS silences
           FROM (SELECT * FROM ${table} WHERE $2::float8 IS NULL OR ends_at > to_timestamp($2::float8)
             ORDER BY ends_at DESC, id LIMIT $1::int) AS last`,
          limit,
          endsAfter ?? null,
        );
        const found = z.array(z.unknown()).parse(JSON.parse(row?.silences ?? '[]'));
        return found.flatMap((silence) => silenceSchema.safeParse(silence).data ?? []);
      }),

    create: (silence, actor) =>
      orUnavailable(() =>
        prisma.$transaction(async (transaction) => {
          const { id, starts_at, ends_at, ...body } = silence;
          const made = await transaction.$executeRawUnsafe(
            `INSERT INTO ${table} (id, starts_at, ends_at, body)
             VALUES ($1::uuid, to_timestamp($2::float8), to_timestamp($3::float8), $4::jsonb) ON CONFLICT DO NOTHING`,
            id,
            starts_at,
            ends_at,
            JSON.stringify(body),
          );
          if (made === 0) return;
          const by = { ...actor, by: silence.author };
          await insertAudit(transaction, {
            actor: by,
            action: 'silence.created',
            target: id,
            detail: silence,
          });
        }),
      ),

    expire: (id, nowSeconds, actor) =>
      orUnavailable(() =>
        prisma.$transaction(async (transaction) => {
          const [row] = await transaction.$queryRawUnsafe<{ silence: string }[]>(
            `UPDATE ${table} SET ends_at = least(ends_at, to_timestamp($2::float8)), starts_at = least(starts_at, to_timestamp($2::float8))
             WHERE id = $1::uuid RETURNING (${COLUMNS})::text AS silence`,
            id,
            nowSeconds,
          );
          if (row === undefined) throw new NotFoundError(`There is no silence ${id}`);
          await insertAudit(transaction, { actor, action: 'silence.expired', target: id, detail: {} });
          return silenceSchema.parse(JSON.parse(row.silence));
        }),
      ),
  };
}
