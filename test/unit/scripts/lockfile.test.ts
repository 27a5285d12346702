import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

interface Entry {
  integrity?: string;
  resolved?: string;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, Entry>;
};
const entries = Object.entries(packages).filter(([path]) => path !== '');

test('every package is held to its hash (npm run lock:complete)', () => {
  expect(entries.length).toBeGreaterThan(100);
  const without = entries.filter(([, { integrity }]) => !/^sha512-.{86}==$/.test(integrity ?? ''));
  expect(without.map(([path]) => path)).toEqual([]);
});

test('no package names a registry but the public one', () => {
  const elsewhere = entries.filter(
    ([, { resolved = 'https://registry.npmjs.org/' }]) => !resolved.startsWith('https://registry.npmjs.org/'),
  );
  expect(elsewhere).toEqual([]);
});

test('installing runs no script of a package', () => {
  expect(readFileSync('.npmrc', 'utf8').split('\n')).toContain('ignore-scripts=true');
});
