// `npm run import:seed-table`: copies the rows of the service before Topline into the history.
import { parseArgs } from 'node:util';
import { loadConfig } from '../core/config.ts';
import { StartError } from '../core/errors.ts';
import { SEED_SUFFIX } from '../core/platform/historyTable.ts';
import { createLogger } from '../core/platform/logger.ts';
import { migrate } from '../core/platform/migrate.ts';
import { postgresMessageOf } from '../core/platform/postgresErrors.ts';
import { deriveName } from '../core/platform/postgresNames.ts';
import { openPrisma } from '../core/platform/prisma.ts';
import { adoptSeedRows } from '../core/stores/seedTable.ts';
import { createSnapshotStore } from '../core/stores/snapshots.ts';

const HELP = `Copies the rows that the service before Topline had stored into Topline's history, as those of the agent
'default'. Its table was renamed when Topline first started; nothing in it is changed.

  POSTGRES_DSN=postgresql://… npm run import:seed-table [-- options]

  --from TABLE   the table to copy (default: POSTGRES_TABLE with ${SEED_SUFFIX} behind it)
  --help         this text

It can be interrupted and run again, also while Topline is running: what is there already is not stored twice. Rows older
than POSTGRES_RETENTION_DAYS are left out.
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { help: { type: 'boolean', short: 'h', default: false }, from: { type: 'string' } },
  });
  if (values.help) return void process.stdout.write(HELP);
  const { postgres, logLevel } = loadConfig(process.env);
  if (postgres.dsn === '')
    throw new StartError('POSTGRES_DSN is not set: it says which database to work on.');
  const seedTable = values.from ?? deriveName(postgres.table, SEED_SUFFIX);
  const log = createLogger({ level: logLevel, name: 'import' });
  await migrate({ dsn: postgres.dsn, table: postgres.table, log });
  const prisma = openPrisma({ dsn: postgres.dsn, log, applicationName: 'topline import', poolSize: 2 });
  const store = createSnapshotStore({ prisma: prisma.handle, ...postgres });
  const days = adoptSeedRows({ prisma: prisma.handle, store, seedTable });
  let total = 0;
  try {
    for await (const { day, read, inserted, duplicates, expired, damaged } of days) {
      total += inserted;
      process.stdout.write(
        `${day}: ${read} rows, ${inserted} stored, ${duplicates} there already, ${expired} too old, ${damaged} unreadable\n`,
      );
    }
  } finally {
    await prisma.close();
  }
  process.stdout.write(
    `${total} rows stored. The table ${seedTable} is as it was; drop it when you do not need it.\n`,
  );
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${postgresMessageOf(error)}\n`);
  process.exitCode = 1;
}
