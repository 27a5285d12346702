import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../scripts/embedded/embeddedPostgres.ts';

/** Where `npm run bench -- seed-history` keeps what it made: tens of gigabytes, so it is made once and kept. */
export const DATASET_DIRECTORY = '.topline/bench-history';

const DESCRIPTION_FILE = 'description.json';

const descriptionSchema = z.object({
  agents: z.number().int(),
  days: z.number().int(),
  /** Between two snapshots of one agent. */
  stepSeconds: z.number().int(),
  /** Epoch seconds of the first second without a snapshot. */
  endSeconds: z.number().int(),
  rows: z.number().int(),
  /** Of the database. */
  bytes: z.number(),
});

/** What the history holds. */
export type Description = z.output<typeof descriptionSchema>;

/** A history of many agents and days, on a PostgreSQL of its own. */
export interface Dataset {
  description: Description;
  dsn: string;
  postgresPid: number;
  close(): Promise<void>;
}

/** Starts the PostgreSQL that has the history, or is to have it. */
export async function startDatasetServer(): Promise<EmbeddedPostgres> {
  await mkdir(DATASET_DIRECTORY, { recursive: true });
  return startEmbeddedPostgres({ dataDir: resolve(DATASET_DIRECTORY, 'postgres'), log: () => undefined });
}

/** Says that the history is whole. */
export async function describeDataset(description: Description): Promise<void> {
  await writeFile(join(DATASET_DIRECTORY, DESCRIPTION_FILE), `${JSON.stringify(description, null, 2)}\n`);
}

/** The history that was made, and undefined where none was, or not to the end. */
export async function openDataset(): Promise<Dataset | undefined> {
  const text = await readFile(join(DATASET_DIRECTORY, DESCRIPTION_FILE), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const description = descriptionSchema.parse(JSON.parse(text));
  const postgres = await startDatasetServer();
  const { dsn, pid } = postgres.handle;
  return { description, dsn, postgresPid: pid, close: () => postgres.close() };
}
