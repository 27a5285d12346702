import pg from 'pg';
import { WRITTEN_TABLE, readSchema } from './migrationFiles.ts';
import { findProjectFile } from '../platform/projectRoot.ts';
import { NO_FILTERS, openSchemaEngine } from './schemaEngine.ts';

export interface SchemaDriftOptions {
  /** A database to which the migrations have been applied. */
  dsn: string;
  /** Default: prisma/schema.prisma of this project. */
  schemaFile?: string;
  /** The name under which the migrations were applied. */
  table?: string;
}

/** The SQL that would bring a database to what prisma/schema.prisma says; undefined where nothing is missing. */
export async function findSchemaDrift(options: SchemaDriftOptions): Promise<string | undefined> {
  const { dsn, schemaFile = findProjectFile('prisma', 'schema.prisma'), table = WRITTEN_TABLE } = options;
  const content = await readSchema(schemaFile, table);
  const files = [{ path: 'schema.prisma', content }];
  const engine = await openSchemaEngine({ dsn, schema: await schemaOf(dsn), datamodel: content });
  try {
    const { exitCode, stdout } = await engine.handle.diff({
      from: { tag: 'schemaDatasource', files, configDir: '.' },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: true,
      filters: NO_FILTERS,
    });
    return exitCode === 0 ? undefined : (stdout ?? '');
  } finally {
    await engine.close();
  }
}

async function schemaOf(dsn: string): Promise<string> {
  const client = new pg.Client({ connectionString: dsn });
  await client.connect();
  try {
    const { rows } = await client.query<{ schema: string }>('SELECT current_schema() AS schema');
    return rows[0]?.schema ?? 'public';
  } finally {
    await client.end();
  }
}
