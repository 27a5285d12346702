import { chmod, chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findPostgresBinaries } from '../../../../scripts/embedded/postgresBinaries.ts';
import { choosePostgresUser } from '../../../../scripts/embedded/postgresUser.ts';
import { makeTempDir, type TempDir } from '../../../support/tempDir.ts';

const asRoot = process.getuid?.() === 0 ? test : test.skip;
const asAnother = process.getuid?.() === 0 ? test.skip : test;

describe('who runs PostgreSQL', () => {
  let directory: TempDir;
  let binary: string;
  beforeEach(async () => {
    directory = await makeTempDir();
    binary = (await findPostgresBinaries()).postgres;
  });
  afterEach(() => directory.remove());

  asAnother('is whoever runs Topline', async () => {
    expect(await choosePostgresUser(directory.path, binary)).toEqual({ spawn: {}, prefix: [] });
  });

  asRoot('is never root', async () => {
    const { owner } = await choosePostgresUser(directory.path, binary);
    expect(owner?.uid).toBeGreaterThan(0);
  });

  asRoot('is the owner of the data that are there', async () => {
    const data = join(directory.path, 'data');
    await mkdir(data);
    await chown(data, 54321, 54321);
    expect((await choosePostgresUser(data, binary)).owner).toEqual({ uid: 54321, gid: 54321 });
  });

  asRoot(
    'gets past a closed directory with one privilege, or the start is refused with the reason',
    async () => {
      const data = join(directory.path, 'closed/data');
      await mkdir(data, { recursive: true });
      await chmod(join(directory.path, 'closed'), 0o700);
      const outcome = await choosePostgresUser(data, binary).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome.message).toContain('may not enter');
      else expect(outcome).toMatchObject({ spawn: {}, prefix: expect.arrayContaining(['--clear-groups']) });
    },
  );
});
