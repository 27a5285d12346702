import { access, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { SETTINGS } from '../../../core/config.ts';

const readme = await readFile('README.md', 'utf8');

/** Rows of every table, as the text of their cells; however far apart the columns are drawn. */
function rowsOf(markdown: string): string[][] {
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

function lineOf(cells: string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** The text of every TypeScript file of these folders. */
async function sourcesOf(...folders: string[]): Promise<string> {
  const files = await Promise.all(folders.map((folder) => readdir(folder, { recursive: true })));
  const paths = files.flatMap((names, i) => names.map((name) => join(folders[i] ?? '', name)));
  return (
    await Promise.all(paths.filter((path) => path.endsWith('.ts')).map((path) => readFile(path, 'utf8')))
  ).join('\n');
}

describe('the README', () => {
  test('has every setting, with its default and its description, and no other', () => {
    const lines = Object.entries(SETTINGS).map(([name, { default: fallback, description }]) =>
      lineOf([`\`${name}\``, fallback === '' ? '(empty)' : `\`${fallback}\``, description]),
    );
    const inReadme = rowsOf(readme).filter(([name = '']) => /^`[A-Z][A-Z0-9_]+`$/.test(name));
    // What is missing can be copied from the difference.
    expect(inReadme.map(lineOf)).toEqual(lines);
  });

  test('names only npm scripts that there are', async () => {
    const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as {
      scripts: Record<string, string>;
    };
    const contributing = await readFile('CONTRIBUTING.md', 'utf8');
    const named = [...`${readme}${contributing}`.matchAll(/npm run (?:-s )?([a-z:-]+)/g)].map(
      ([, name]) => name,
    );
    expect(new Set(named)).toContain('workers');
    expect(named.filter((name) => name === undefined || !(name in scripts))).toEqual([]);
  });

  test('names every route', async () => {
    const paths = [...(await sourcesOf('api')).matchAll(/path: '([^']+)'/g)].map(
      ([, path = '']) => path,
    );
    expect(paths).toContain('/ingest/metrics');
    expect(paths.filter((path) => !readme.includes(path))).toEqual([]);
  });

  test('names every figure of /metrics, and none that there is not', async () => {
    const sources = (await sourcesOf('api', 'workers')).matchAll(/'((?:topline|bullmq)_[a-z_]+)',\s*'/g);
    const inSources = [...sources].map(([, name = '']) => name);
    const inTables = rowsOf(readme).flatMap(([figure = '']) =>
      [...figure.matchAll(/`((?:topline|bullmq)_[a-z_]+)/g)].map(([, name = '']) => name),
    );
    expect(inTables.sort()).toEqual([...new Set(inSources)].sort());
  });

  test.each([
    'README.md',
    'CONTRIBUTING.md',
    'docs/deployment.md',
    'docs/export.md',
    'docs/history.md',
    'docs/performance.md',
    'docs/upgrade.md',
  ])('%s links to nothing that is missing', async (file) => {
    const text = await readFile(file, 'utf8');
    const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map(([, target = '']) => target);
    const base = file.includes('/') ? 'docs' : '.';
    await Promise.all(targets.map((target) => access(join(base, target))));
  });
});
