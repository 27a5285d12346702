import { access, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readDocuments } from './documents.ts';

const documents = await readDocuments();

/** The anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(text: string): string[] {
  const prose = text.replaceAll(/^```[^]*?^```$/gm, '');
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

test.each(documents)('$path links to nothing that is missing', async ({ path, text }) => {
  const targets = [...text.matchAll(/(?:\]\(|src="|srcset=")(?!https?:)([^)"#\s]*)(?:#([^)"\s]*))?/g)];
  for (const [link, target = '', anchor] of targets) {
    const file = target === '' ? path : join(dirname(path), target);
    await access(file);
    if (anchor !== undefined)
      expect([link, anchorsOf(await readFile(file, 'utf8'))]).toEqual([
        link,
        expect.arrayContaining([anchor]),
      ]);
  }
});

test('the index names every page', () => {
  const { text = '' } = documents.find(({ path }) => path === 'docs/README.md') ?? {};
  const pages = documents.map(({ path }) => /^docs\/([^/]+\.md)$/.exec(path)?.[1] ?? 'README.md');
  expect(pages.filter((page) => page !== 'README.md' && !text.includes(`(${page})`))).toEqual([]);
});
