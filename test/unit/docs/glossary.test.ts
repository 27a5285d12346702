import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { expect, test } from '@jest/globals';
import { readPage, readTree, rowsOf } from './documents.ts';

/** `snapshotsUnderWay`, `SnapshotsUnderWay` and `SNAPSHOTS_UNDER_WAY`: the same words. */
function wordsOf(name: string): string {
  const words = name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? [];
  return ` ${words.join(' ').toLowerCase()} `;
}

async function givenUp(): Promise<string[]> {
  const [, table = ''] = (await readPage('docs/glossary.md')).split('## Given up');
  return rowsOf(table).flatMap(([word = '']) => /^`(\w+)`$/.exec(word)?.[1] ?? []);
}

test('words that were given up are in no name of a file or an export', async () => {
  const words = await givenUp();
  expect(words).toContain('courtesy');
  const files = (await readTree()).filter((path) => /^(?:api|core|workers)\/.*\.ts$/.test(path));
  const names = await Promise.all(
    files.map(async (path) => {
      const text = await readFile(path, 'utf8');
      const exported = text.matchAll(
        /^export (?:async |abstract )*(?:function\*?|const|let|class|interface|type|enum) (\w+)/gm,
      );
      return [basename(path, '.ts'), ...[...exported].map(([, name = '']) => name)].map((name) => ({
        name,
        path,
      }));
    }),
  );
  const back = names
    .flat()
    .filter(({ name }) => words.some((word) => wordsOf(name).includes(wordsOf(word))))
    .map(({ name, path }) => `${name} in ${path}`);
  expect(back).toEqual([]);
});
