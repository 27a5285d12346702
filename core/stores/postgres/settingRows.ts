import type { z } from 'zod';
import { ascending } from '../../collections.ts';
import { ConflictError, NotFoundError, StaleVersionError } from '../../errors.ts';
import type { Models, Prisma, PrismaClient } from '../../platform/prisma.ts';
import { insertAudit, type Actor } from './audit.ts';
import { orUnavailable } from './unavailable.ts';

/** What an operator made, as it is kept. */
export interface SettingRow<Body> {
  id: string;
  /** Grows with each change. */
  version: number;
  body: Body;
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

/** What the four models have in common, of which each has types of its own. */
interface SettingTable {
  findMany(args: { where: { deletedAt: null } }): Promise<StoredRow[]>;
  findUnique(args: { where: { id: string } }): Promise<StoredRow | null>;
  createMany(args: {
    data: (StoredBody & { id: string })[];
    skipDuplicates: true;
  }): Promise<{ count: number }>;
  updateMany(args: {
    where: { id: string; version?: number; deletedAt: null | { not: null } };
    data: Omit<Partial<StoredBody>, 'version'> & {
      version: { increment: 1 };
      createdAt?: Date;
      updatedAt: Date;
      deletedAt?: Date | null;
    };
  }): Promise<{ count: number }>;
  update(args: {
    where: { id: string };
    data: Partial<StoredBody> & { deletedAt?: Date };
  }): Promise<StoredRow>;
}

interface StoredBody {
  version: number;
  body: Prisma.InputJsonObject;
}

interface StoredRow {
  id: string;
  version: number;
  body: Prisma.JsonValue;
  deletedAt: Date | null;
}

interface SettingKind<Body> {
  /** What they are called where one cannot be read. */
  table: string;
  /** What one is called, to say that there is none, and in the audit. */
  noun: 'alert_rule' | 'channel' | 'route' | 'maintenance';
  schema: z.ZodType<Body>;
  tableIn(models: Models): SettingTable;
}

export interface SettingRowsOptions {
  prisma: PrismaClient;
  /** Told of a row that cannot be read, which counts as not there. */
  onDamaged?: (table: string, id: string) => void;
}

export function createSettingRows<Body extends object>(
  { prisma, onDamaged = () => undefined }: SettingRowsOptions,
  { table, noun, schema, tableIn }: SettingKind<Body>,
): SettingRows<Body> {
  const rows = tableIn(prisma);
  const word = noun.replace('_', ' ');

  function read({ id, version, body }: StoredRow): SettingRow<Body> | undefined {
    const parsed = schema.safeParse(body);
    if (parsed.success) return { id, version, body: parsed.data };
    onDamaged(table, id);
    return undefined;
  }

  /** Makes one change of a row that nobody else can touch meanwhile. */
  function changeOf<T>(
    id: string,
    expected: number | undefined,
    work: (current: StoredRow, models: Models) => Promise<T>,
  ): Promise<T> {
    return orUnavailable(() =>
      prisma.$transaction(async (models) => {
        // Counted first: from then on the row is locked, and is what the change is of.
        const { count } = await tableIn(models).updateMany({
          where: { id, deletedAt: null, ...(expected === undefined ? {} : { version: expected }) },
          data: { version: { increment: 1 }, updatedAt: new Date() },
        });
        const current = await tableIn(models).findUnique({ where: { id } });
        if (current === null || current.deletedAt !== null)
          throw new NotFoundError(`There is no ${word} ${id}`);
        if (count === 0)
          throw new StaleVersionError(
            `Somebody changed the ${word} ${id} meanwhile: it has version ${current.version}, and this change is of ` +
              `version ${expected}. Read it again, and change that`,
          );
        return work(current, models);
      }),
    );
  }

  /** Puts a new one in the place of one that was deleted: resolves to its version. */
  async function revive(id: string, body: Body, models: Models): Promise<number> {
    const now = new Date();
    const { count } = await tableIn(models).updateMany({
      where: { id, deletedAt: { not: null } },
      data: {
        version: { increment: 1 },
        body,
        createdAt: now,
        updatedAt: now,
        deletedAt: null,
      },
    });
    const row = await tableIn(models).findUnique({ where: { id } });
    if (count === 0 || row === null)
      throw new ConflictError(`There is a ${word} ${id} already: change it with PUT`);
    return row.version;
  }

  return {
    list: () =>
      orUnavailable(async () => {
        const found = await rows.findMany({ where: { deletedAt: null } });
        return found.toSorted((a, b) => ascending(a.id, b.id)).flatMap((row) => read(row) ?? []);
      }),

    find: (id) =>
      orUnavailable(async () => {
        const row = await rows.findUnique({ where: { id } });
        return row === null || row.deletedAt !== null ? undefined : read(row);
      }),

    create: (id, body, { actor, audited }) =>
      orUnavailable(() =>
        prisma.$transaction(async (models) => {
          const { count } = await tableIn(models).createMany({
            data: [{ id, version: 1, body }],
            skipDuplicates: true,
          });
          const version = count === 1 ? 1 : await revive(id, body, models);
          await insertAudit(models, { actor, action: `${noun}.created`, target: id, detail: audited });
          return { id, version, body };
        }),
      ),

    replace: (id, next, expected, { actor, audited }) =>
      changeOf(id, expected, async (current, models) => {
        const body = next(schema.parse(current.body));
        await tableIn(models).update({ where: { id }, data: { body } });
        await insertAudit(models, { actor, action: `${noun}.changed`, target: id, detail: audited });
        return { id, version: current.version, body };
      }),

    remove: (id, expected, actor) =>
      changeOf(id, expected, async (_, models) => {
        // What is left is its version, so that one made anew is not taken for this one; a channel's secrets go.
        await tableIn(models).update({ where: { id }, data: { body: {}, deletedAt: new Date() } });
        await insertAudit(models, { actor, action: `${noun}.deleted`, target: id, detail: {} });
      }),
  };
}
