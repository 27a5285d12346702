import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deriveName, quoteName } from '../stores/postgres/tableNames.ts';

/** The table's name as prisma/schema.prisma and the migrations have it. */
export const WRITTEN_TABLE = 'metrics_snapshots';

/** A migration as it lies in prisma/migrations, with the table's name in place. */
export interface Migration {
  name: string;
  sql: string;
}

/** Every migration in the directory, in the order in which they are applied. */
export async function readMigrations(directory: string, table: string): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
  return Promise.all(
    names.map(async (name) => ({
      name,
      sql: nameTable(await readFile(join(directory, name, 'migration.sql'), 'utf8'), table),
    })),
  );
}

/** The Prisma schema with the table's name in place. */
export async function readSchema(file: string, table: string): Promise<string> {
  return nameTable(await readFile(file, 'utf8'), table);
}

/**
 * Puts the table's name in the place of the written one, also where other names are derived from it: in every quoted
 * name that is `metrics_snapshots` or begins with it and an underscore. The two kinds of file quote names alike.
 */
export function nameTable(text: string, table: string): string {
  if (table === WRITTEN_TABLE) return text;
  return text.replace(new RegExp(`"${WRITTEN_TABLE}(_\\w+)?"`, 'g'), (_, suffix: string | undefined) =>
    quoteName(deriveName(table, suffix ?? '')),
  );
}

/** What Prisma's engine takes for the migrations directory. */
export function toMigrationList(directory: string, migrations: Migration[]) {
  return {
    baseDir: directory,
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
    shadowDbInitScript: '',
    migrationDirectories: migrations.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value: sql } },
    })),
  };
}
