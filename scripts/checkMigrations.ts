// `npm run check:migrations`: do prisma/migrations and prisma/schema.prisma say the same? Exit code 1 where they do not.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../core/errors.ts';
import { startEmbeddedPostgres } from './embedded/embeddedPostgres.ts';
import { createLogger } from '../core/platform/logger.ts';
import { migrate } from '../core/schema/migrate.ts';
import { WRITTEN_TABLE } from '../core/schema/migrationFiles.ts';
import { openPrisma } from '../core/platform/prisma.ts';
import { findSchemaDrift } from '../core/schema/schemaDrift.ts';
import { createRollupStore } from '../core/stores/postgres/rollups.ts';
import { createSnapshotStore } from '../core/stores/postgres/snapshots.ts';

const HELP = `Applies prisma/migrations to a throw-away PostgreSQL, with partitions as the service makes them, and compares
the result with prisma/schema.prisma.

  npm run check:migrations

Exit code 0 where both say the same, 1 where they do not, with the SQL that is missing. To put that right after a
change of the schema, make a folder prisma/migrations/<yyyymmddhhmmss>_<name> with that SQL as its migration.sql.

  --help   this text
`;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h', default: false } } });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const directory = await mkdtemp(join(tmpdir(), 'topline-migrations-'));
  // Where this runs as root, PostgreSQL runs as somebody else, who must be able to get in.
  await chmod(directory, 0o755);
  try {
    const postgres = await startEmbeddedPostgres({
      dataDir: join(directory, 'postgres'),
      fast: true,
      log: () => undefined,
    });
    try {
      return report(await driftOf(postgres.handle.dsn));
    } finally {
      await postgres.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function driftOf(dsn: string): Promise<string | undefined> {
  const log = createLogger({ level: 'silent', name: 'check' });
  await migrate({ dsn, table: WRITTEN_TABLE, log });
  const prisma = openPrisma({ dsn, log, applicationName: 'topline check', poolSize: 1 });
  try {
    const options = { prisma: prisma.handle, table: WRITTEN_TABLE, retentionDays: 0 };
    await createSnapshotStore(options).ensureAhead();
    await createRollupStore({ ...options, minuteRetentionDays: 0, hourRetentionDays: 0 }).ensureAhead();
  } finally {
    await prisma.close();
  }
  return findSchemaDrift({ dsn });
}

function report(drift: string | undefined): number {
  if (drift === undefined) {
    process.stdout.write('prisma/migrations and prisma/schema.prisma say the same.\n');
    return 0;
  }
  process.stderr.write(
    `prisma/schema.prisma and prisma/migrations do not agree. Missing from the migrations:\n\n${drift}\n`,
  );
  return 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 2;
}
