import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { dashboardRouter } from '../../../api/http/dashboard.ts';
import { docsRouter } from '../../../api/http/docs.ts';
import { RAW_SOCKET_PATH } from '../../../api/live/rawSocket.ts';
import { BOARD_PATH } from '../../../api/operations/board.ts';
import { SETTINGS } from '../../../core/config.ts';
import { QUEUE_NAMES } from '../../../core/contracts/queues.ts';
import { allRoutes } from '../../support/routes.ts';
import { codeSpansOf, named, readDocuments, readTree, type Document } from './documents.ts';

const documents = await readDocuments();
const everything = documents.map(({ text }) => text).join('\n');

/** What is named and does not exist: so that the failure says where to mend it. */
function missing(
  names: { name: string; where: string }[],
  exists: (name: string, where: string) => boolean,
): string[] {
  return [
    ...new Set(
      names.filter(({ name, where }) => !exists(name, where)).map(({ name, where }) => `${name} in ${where}`),
    ),
  ];
}

describe('files', () => {
  /** Where a decision names what is gone, it names what replaced that. */
  const GONE = /`([^`\n]+)`\s+\(now\s+`([^`\n]+)`\)/g;
  const withoutGone = (document: Document) => ({ ...document, text: document.text.replaceAll(GONE, '`$2`') });
  const SOURCE = /[\w-]\.(?:ts|tsx|mjs|cjs|js|sh|ya?ml|json|css|html|prisma|sql|md|png)$/;

  let tree: string[];
  let paths: Set<string>;
  beforeAll(async () => {
    tree = await readTree();
    paths = new Set(tree);
  });

  test('a path that begins with one of our folders is there', () => {
    const roots = tree.filter(
      (path) => !path.includes('/') && tree.some((other) => other.startsWith(`${path}/`)),
    );
    const pattern = new RegExp(
      `(?<![\\w./@:-])((?:${roots.map((root) => root.replace('.', '\\.')).join('|')})(?:/[\\w.-]*\\w)+)`,
      'g',
    );
    const found = named(documents.map(withoutGone), pattern);
    expect(found.length).toBeGreaterThan(100);
    // A module may be named without its ending.
    expect(missing(found, (name) => paths.has(name) || paths.has(`${name}.ts`))).toEqual([]);
  });

  test('a file that is named by the end of its path is there', () => {
    const found = documents
      .map(withoutGone)
      .flatMap(({ path, text }) => codeSpansOf(text).map((name) => ({ name, where: path })))
      .filter(({ name }) => /^\.?\w[\w./-]*$/.test(name) && (SOURCE.test(name) || /^\w.*\/$/.test(name)));
    expect(found.length).toBeGreaterThan(50);
    const isThere = (name: string) => {
      const wanted = name.replace(/\/$/, '');
      return tree.some((path) => path === wanted || path.endsWith(`/${wanted}`));
    };
    expect(missing(found, isThere)).toEqual([]);
  });

  test('what a decision says is gone is gone, and what replaced it is there', () => {
    for (const [, gone = '', replacement = ''] of everything.matchAll(GONE))
      expect([gone, paths.has(gone), replacement, paths.has(replacement)]).toEqual([
        gone,
        false,
        replacement,
        true,
      ]);
  });
});

test('npm scripts: each that is named is there, and each that is there is named', async () => {
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as {
    scripts: Record<string, string>;
  };
  const found = named(documents, /\bnpm run (?:-s )?([a-z][a-z:-]*)/g);
  expect(missing(found, (name) => name in scripts)).toEqual([]);
  // These two need no `run`.
  const said = new Set([...found.map(({ name }) => name), 'start', 'test']);
  expect(Object.keys(scripts).filter((name) => !said.has(name))).toEqual([]);
});

test('roles of the workers: each that is named is there', () => {
  const asked = named(documents, /--roles ([a-z]+(?:,[a-z]+)*)/g).map((list) => ({
    ...list,
    names: list.name.split(','),
  }));
  const told = named(documents, /\broles? ((?:`[a-z]+`(?:, | and | or )*)+)/g).map((list) => ({
    ...list,
    names: codeSpansOf(list.name),
  }));
  const found = [
    ...named(documents, /\bworker-([a-z]+)/g),
    ...[...asked, ...told].flatMap(({ names, where }) => names.map((name) => ({ name, where }))),
  ];
  expect(found.map(({ name }) => name)).toEqual(expect.arrayContaining(['timeline', 'record']));
  expect(missing(found, (name) => QUEUE_NAMES.some((role) => role === name))).toEqual([]);
});

test('settings: each that is named is read somewhere', async () => {
  const sources = (await readTree()).filter((path) =>
    /^(?:agent|scripts|dashboard)\/.*\.(?:ts|mjs)$/.test(path),
  );
  const texts = await Promise.all(
    [...sources, 'core/config.ts', 'ecosystem.config.js', 'docker-compose.yml'].map((path) =>
      readFile(path, 'utf8'),
    ),
  );
  const read = texts.join('\n').matchAll(/\benv(?:\.|\[')([A-Z][A-Z0-9_]+)|\$\{([A-Z][A-Z0-9_]+)/g);
  const known = new Set([
    ...Object.keys(SETTINGS),
    ...[...read].map(([, name = '', inCompose]) => inCompose ?? name),
  ]);
  // Node.js' own.
  known.add('NODE_OPTIONS');
  const found = named(documents, /\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b/g);
  expect(missing(found, (name) => known.has(name))).toEqual([]);
});

test('ports: each that is named is one that something listens on', async () => {
  const compose = await readFile('docker-compose.yml', 'utf8');
  const defaults = [
    SETTINGS.PORT.default,
    SETTINGS.REDIS_PORT.default,
    ...[SETTINGS.POSTGRES_DSN, SETTINGS.REDIS_SENTINELS].flatMap(
      ({ description }) => description.match(/\d{4,5}/g) ?? [],
    ),
    ...[...compose.matchAll(/WORKER_PORT: (\d+)/g)].map(([, port = '']) => port),
  ];
  const found = named(
    documents,
    /(?:(?<=[\w\]]):|\bports? (?:on )?|PORT=|(?:answers?|probes) on |localhost:)(\d{4,5})\b(?!:)/g,
  );
  expect(found.map(({ name }) => name)).toContain(SETTINGS.PORT.default);
  const opens = (port: string, path: string) => {
    const { text = '' } = documents.find((document) => document.path === path) ?? {};
    // A receiver that the page itself starts, or a range that it gives to PM2: ten ports for each role.
    const firsts = [...text.matchAll(/\bWORKER_PORT=(\d+)/g)].map(([, first]) => Number(first));
    return (
      text.includes(`listen(${port},`) ||
      firsts.some((first) => Number(port) >= first && Number(port) < first + 10 * QUEUE_NAMES.length)
    );
  };
  expect(missing(found, (port, path) => defaults.includes(port) || opens(port, path))).toEqual([]);
});

test('addresses: each that is asked is answered', () => {
  const redis = new Redis({ lazyConnect: true });
  const routes = allRoutes(redis).map(({ method, path }) => ({ method: method.toUpperCase(), path }));
  redis.disconnect();
  const pages = [docsRouter(() => ({})), dashboardRouter('.')].flatMap(({ stack }) =>
    stack.map(({ path }) => String(path)),
  );
  const all = [
    ...routes,
    ...[...pages, RAW_SOCKET_PATH, BOARD_PATH].map((path) => ({ method: 'GET', path })),
  ].map(({ method, path }) => ({ method, matches: new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`) }));
  const isAnswered = (method: string, path: string) =>
    all.some((route) => (method === '' || route.method === method) && route.matches.test(path));

  const asked = named(documents, /\b((?:GET|POST|PUT|PATCH|DELETE) \/[\w/.:-]*)/g);
  expect(asked.length).toBeGreaterThan(50);
  expect(missing(asked, (name) => isAnswered(...(name.split(' ') as [string, string])))).toEqual([]);

  const paths = [
    ...named(documents, /http:\/\/(?:localhost:8000|[\w.-]+\.example(?::8000)?)(\/[\w/.$-]*)/g),
    ...named(documents, /`(\/(?:api|ingest|ws|hosts|alerts|operations|openapi|docs|board)\b[\w/.:-]*)/g),
  ];
  expect(paths.length).toBeGreaterThan(40);
  expect(missing(paths, (name) => isAnswered('', name))).toEqual([]);
});
