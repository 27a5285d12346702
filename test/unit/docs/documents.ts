import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

export interface Document {
  path: string;
  text: string;
}

/** Every page that tells a reader what there is. */
export async function readDocuments(): Promise<Document[]> {
  const pages = (await readdir('docs', { recursive: true })).filter((name) => name.endsWith('.md'));
  const paths = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...pages.map((name) => join('docs', name))];
  return Promise.all(paths.sort().map(async (path) => ({ path, text: await readFile(path, 'utf8') })));
}

export async function readPage(path: string): Promise<string> {
  return readFile(path, 'utf8');
}

/** Rows of every table, as the text of their cells; however far apart the columns are drawn. */
export function rowsOf(markdown: string): string[][] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** What stands between single backticks, outside of blocks of code. */
export function codeSpansOf(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```[^]*?^```$/gm, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
}

/** Every match's first group, in every document: `found (in the document)`. */
export function named(documents: Document[], pattern: RegExp): { name: string; where: string }[] {
  return documents.flatMap(({ path, text }) =>
    [...text.matchAll(pattern)].map(([, name = '']) => ({ name, where: path })),
  );
}

/** What is made, fetched or built, and therefore not ours to name. */
const NOT_SOURCES = new Set(['node_modules', 'dist', 'coverage', '.git', '.topline', 'generated']);

/** Every file and folder of the sources, as paths from the root. */
export async function readTree(folder = '.'): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(
    entries
      .filter(({ name }) => !NOT_SOURCES.has(basename(name)))
      .map(async (entry) => {
        const path = join(folder, entry.name);
        return entry.isDirectory() ? [path, ...(await readTree(path))] : [path];
      }),
  );
  return found.flat();
}
