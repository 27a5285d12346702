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

test('no package names the registry it is from: whoever installs may have another', () => {
  expect(entries.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
});

test('installing runs no script of a package', () => {
  expect(readFileSync('.npmrc', 'utf8').split('\n')).toContain('ignore-scripts=true');
});
