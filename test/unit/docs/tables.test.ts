import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { SCENARIOS } from '../../../bench/scenarios/index.ts';
import { SETTINGS } from '../../../core/config.ts';
import { QUEUE_NAMES } from '../../../core/contracts/queues.ts';
import { allRoutes } from '../../support/routes.ts';
import { readPage, rowsOf } from './documents.ts';

const redis = new Redis({ lazyConnect: true });
afterAll(() => redis.disconnect());

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

test('docs/configuration.md has every setting, with its default and its description, and no other', async () => {
  const lines = Object.entries(SETTINGS).map(([name, { default: fallback, description }]) =>
    lineOf([`\`${name}\``, fallback === '' ? '(empty)' : `\`${fallback}\``, description]),
  );
  const [settings = ''] = (await readPage('docs/configuration.md')).split('Some are read by other programs');
  const inPage = rowsOf(settings).filter(([name = '']) => /^`[A-Z][A-Z0-9_]+`$/.test(name));
  // What is missing can be copied from the difference.
  expect(inPage.map(lineOf)).toEqual(lines);
});

test('docs/api.md has every route, with who may ask, and no other', async () => {
  const inPage = rowsOf(await readPage('docs/api.md')).flatMap(([request = '', who = '']) => {
    const [, methods = '', path] = /^((?:`[A-Z]+`, )*`[A-Z]+) (\/\S*)`$/.exec(request) ?? [];
    return path === undefined
      ? []
      : [...methods.matchAll(/[A-Z]+/g)].map(([method]) => `${method} ${path} (${who})`);
  });
  const routes = allRoutes(redis).map(
    ({ method, path, access }) => `${method.toUpperCase()} ${path.replace(':id', 'ID')} (${access})`,
  );
  expect(routes).toContain('POST /ingest/metrics (agent)');
  expect(inPage.sort()).toEqual(routes.sort());
});

test('docs/operations.md has every figure of /metrics, and none that there is not', async () => {
  const sources = (await sourcesOf('api', 'workers')).matchAll(/'((?:topline|bullmq)_[a-z_]+)',\s*'/g);
  const inSources = [...sources].map(([, name = '']) => name);
  const inPage = rowsOf(await readPage('docs/operations.md')).flatMap(([figure = '']) =>
    [...figure.matchAll(/`((?:topline|bullmq)_[a-z_]+)/g)].map(([, name = '']) => name),
  );
  expect(inPage.sort()).toEqual([...new Set(inSources)].sort());
});

test('docs/architecture.md has every role of the workers, and no other', async () => {
  const inPage = rowsOf(await readPage('docs/architecture.md')).flatMap(
    ([role = '']) => /^`([a-z]+)`$/.exec(role)?.[1] ?? [],
  );
  expect(inPage.sort()).toEqual([...QUEUE_NAMES].sort());
});

test('docs/deployment.md has the first port of each role under PM2', async () => {
  const text = await readPage('docs/deployment.md');
  const [, first = ''] = /With `WORKER_PORT=(\d+)`/.exec(text) ?? [];
  const inPage = rowsOf(text).filter(([app = '']) => app.startsWith('`worker-'));
  // Which port that is, test/unit/docs/deployment.test.ts asks the file itself.
  expect(inPage).toEqual(
    QUEUE_NAMES.map((role, i) => [`\`worker-${role}\``, String(Number(first) + 10 * i)]),
  );
});

test('docs/performance.md has every scenario of the benchmark, and no other', async () => {
  const [, text = ''] = /### Scenarios([^]*?)\n## /.exec(await readPage('docs/performance.md')) ?? [];
  const inPage = rowsOf(text).flatMap(([name = '']) => /^`([a-z]+)`$/.exec(name)?.[1] ?? []);
  expect(inPage.sort()).toEqual(SCENARIOS.map(({ name }) => name).sort());
});
