import { z } from 'zod';
import { ConflictError, NotFoundError, StaleVersionError } from '../../errors.ts';
import type { FixedTable } from './tableNames.ts';
import type { PrismaClient } from '../../platform/prisma.ts';
import { insertAudit, type Actor } from './audit.ts';
import { orUnavailable } from './unavailable.ts';

/** What an operator made, as it is kept. */
export interface SettingRow<Body> {
  id: string;
  /** Grows with each change. */
  version: number;
  body: Body;
  /** Epoch ms. */
  updatedAtMs: number;
}

/** A change, and who makes it. */
export interface SettingChange {
  actor: Actor;
  /** What the audit is told of the body: without secrets. */
  audited: Record<string, unknown>;
}

/**
 * Rules, channels, routes or maintenance windows in PostgreSQL: a table each, of one shape. Every method throws an
 * UnavailableError where PostgreSQL cannot do it now; changes are audited in their own transaction.
 */
export interface SettingRows<Body> {
  /** All of them, in the order of ids; what cannot be read (of a later version) is left out and told of. */
  list(): Promise<SettingRow<Body>[]>;
  find(id: string): Promise<SettingRow<Body> | undefined>;
  /** @throws {ConflictError} where there is one of this id */
  create(id: string, body: Body, change: SettingChange): Promise<SettingRow<Body>>;
  /**
   * @param next what comes in the place of what is there now
   * @param expected the version it was read at; undefined: whichever
   * @throws {NotFoundError} where there is none; {StaleVersionError} where it has another version by now
   */
  replace(
    id: string,
    next: (current: Body) => Body,
    expected: number | undefined,
    change: SettingChange,
  ): Promise<SettingRow<Body>>;
  /** @throws as `replace` does */
  remove(id: string, expected: number | undefined, actor: Actor): Promise<void>;
}

interface SettingKind<Body> {
  table: 'rules' | 'channels' | 'routes' | 'maintenance';
  /** What one is called, to say that there is none, and in the audit. */
  noun: 'alert_rule' | 'channel' | 'route' | 'maintenance';
  schema: z.ZodType<Body>;
}

const rowSchema = z.object({
  id: z.string(),
  version: z.number(),
  body: z.unknown(),
  updated: z.number(),
});

const TABLES: Record<SettingKind<unknown>['table'], FixedTable> = {
  rules: 'topline_alert_rules',
  channels: 'topline_alert_channels',
  routes: 'topline_alert_routes',
  maintenance: 'topline_maintenance_windows',
};

type RawRow = z.output<typeof rowSchema>;

const COLUMNS = `json_build_object('id', id, 'version', version, 'body', body,
  'updated', floor(extract(epoch FROM updated_at) * 1000))`;

export function createSettingRows<Body>(
  {
    prisma,
    onDamaged = () => undefined,
  }: { prisma: PrismaClient; onDamaged?: (table: string, id: string) => void },
  { table: kind, noun, schema }: SettingKind<Body>,
): SettingRows<Body> {
  const table = TABLES[kind];

  function read({ id, version, body, updated }: RawRow): SettingRow<Body> | undefined {
    const parsed = schema.safeParse(body);
    if (parsed.success) return { id, version, body: parsed.data, updatedAtMs: updated };
    onDamaged(kind, id);
    return undefined;
  }

  async function select(condition: string, ...values: unknown[]): Promise<SettingRow<Body>[]> {
    const [row] = await prisma.$queryRawUnsafe<{ rows: string | null }[]>(
      `SELECT json_agg(${COLUMNS} ORDER BY id COLLATE "C")::text AS rows FROM ${table} WHERE deleted_at IS NULL AND ${condition}`,
      ...values,
    );
    return z
      .array(rowSchema)
      .parse(JSON.parse(row?.rows ?? '[]'))
      .flatMap((raw) => read(raw) ?? []);
  }

  /** Makes one change of a row that nobody else can touch meanwhile. */
  function changeOf<T>(
    id: string,
    expected: number | undefined,
    work: (current: RawRow, transaction: Parameters<typeof insertAudit>[0]) => Promise<T>,
  ): Promise<T> {
    return orUnavailable(() =>
      prisma.$transaction(async (transaction) => {
        const [row] = await transaction.$queryRawUnsafe<{ row: string }[]>(
          `SELECT ${COLUMNS}::text AS row FROM ${table} WHERE id = $1 AND deleted_at IS NULL FOR UPDATE`,
          id,
        );
        if (row === undefined) throw new NotFoundError(`There is no ${wordOf(noun)} ${id}`);
        const current = rowSchema.parse(JSON.parse(row.row));
        if (expected !== undefined && current.version !== expected)
          throw new StaleVersionError(
            `Somebody changed the ${wordOf(noun)} ${id} meanwhile: it has version ${current.version}, and this change is of ` +
              `version ${expected}. Read it again, and change that`,
          );
        return work(current, transaction);
      }),
    );
  }

  return {
    list: () => orUnavailable(() => select('true')),

    find: (id) => orUnavailable(async () => (await select('id = $1', id))[0]),

    create: (id, body, { actor, audited }) =>
      orUnavailable(() =>
        prisma.$transaction(async (transaction) => {
          const [row] = await transaction.$queryRawUnsafe<{ row: string }[]>(
            `INSERT INTO ${table} AS known (id, version, body) VALUES ($1, 1, $2::jsonb)
             ON CONFLICT (id) DO UPDATE SET version = known.version + 1, body = excluded.body,
               created_at = now(), updated_at = now(), deleted_at = NULL
             WHERE known.deleted_at IS NOT NULL RETURNING ${COLUMNS}::text AS row`,
            id,
            JSON.stringify(body),
          );
          if (row === undefined)
            throw new ConflictError(`There is a ${wordOf(noun)} ${id} already: change it with PUT`);
          await insertAudit(transaction, {
            actor,
            action: `${noun}.created`,
            target: id,
            detail: audited,
          });
          const { version, updated } = rowSchema.parse(JSON.parse(row.row));
          return { id, version, body, updatedAtMs: updated };
        }),
      ),

    replace: (id, next, expected, { actor, audited }) =>
      changeOf(id, expected, async (current, transaction) => {
        const body = next(schema.parse(current.body));
        const [row] = await transaction.$queryRawUnsafe<{ row: string }[]>(
          `UPDATE ${table} SET version = version + 1, body = $2::jsonb, updated_at = now() WHERE id = $1
           RETURNING ${COLUMNS}::text AS row`,
          id,
          JSON.stringify(body),
        );
        await insertAudit(transaction, {
          actor,
          action: `${noun}.changed`,
          target: id,
          detail: audited,
        });
        const { version, updated } = rowSchema.parse(JSON.parse(row?.row ?? ''));
        return { id, version, body, updatedAtMs: updated };
      }),

    remove: (id, expected, actor) =>
      changeOf(id, expected, async (_, transaction) => {
        // What is left is its version, so that one made anew is not taken for this one; a channel's secrets go.
        await transaction.$executeRawUnsafe(
          `UPDATE ${table} SET version = version + 1, body = '{}', deleted_at = now(), updated_at = now() WHERE id = $1`,
          id,
        );
        await insertAudit(transaction, { actor, action: `${noun}.deleted`, target: id, detail: {} });
      }),
  };
}

function wordOf(noun: string): string {
  return noun.replace('_', ' ');
}
