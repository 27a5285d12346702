// @ts-check
// `npm run lock:complete`, after changing a dependency: npm leaves optional builds for other platforms out of the
// lockfile where the registry it asks has not got them, and `npm ci` then refuses that lockfile ("Missing … from lock
// file"). This puts them back, by name, version and platform; npm fetches one only on the platform it is for.
import { readFile, writeFile } from 'node:fs/promises';

const FILE = new URL('../package-lock.json', import.meta.url);

/** @type {Record<string, string>} */
const SYSTEMS = {
  darwin: 'darwin',
  linux: 'linux',
  win32: 'win32',
  windows: 'win32',
  freebsd: 'freebsd',
  android: 'android',
  openharmony: 'openharmony',
};
const PROCESSORS = ['x64', 'arm64', 'arm', 'ia32', 'ppc64', 's390x', 'riscv64', 'loong64', 'wasm32'];

/**
 * @typedef {{ version?: string, optional?: boolean, dev?: boolean, os?: string[], cpu?: string[], libc?: string[],
 *   optionalDependencies?: Record<string, string> }} Entry
 */

/** @type {{ packages: Record<string, Entry> }} */
const lock = JSON.parse(await readFile(FILE, 'utf8'));

/**
 * Whether a package finds another: beside its own modules or those of any folder above.
 *
 * @param {string} from
 * @param {string} name
 */
function isFound(from, name) {
  for (let base = from; ; base = base.slice(0, Math.max(base.lastIndexOf('/node_modules/'), 0))) {
    if (`${base === '' ? '' : `${base}/`}node_modules/${name}` in lock.packages) return true;
    if (base === '') return false;
  }
}

/**
 * @param {string} name such as `@swc/core-linux-x64-gnu`
 * @param {string} range
 * @param {Entry} parent
 * @returns {Entry}
 */
function entryFor(name, range, parent) {
  const words = (name.split('/').at(-1) ?? '').split('-');
  const cpu = words.filter((word) => PROCESSORS.includes(word));
  const os = words.flatMap((word) => SYSTEMS[word] ?? []);
  const libc = words.flatMap((word) =>
    word.startsWith('gnu') ? ['glibc'] : word.startsWith('musl') ? ['musl'] : [],
  );
  return {
    version: range.replace(/^[\^~]/, ''),
    ...(cpu.length > 0 ? { cpu } : {}),
    ...(parent.dev ? { dev: true } : {}),
    ...(libc.length > 0 ? { libc } : {}),
    optional: true,
    ...(os.length > 0 ? { os } : {}),
  };
}

let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isFound(path, name)) continue;
    lock.packages[`node_modules/${name}`] = entryFor(name, range, entry);
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
await writeFile(FILE, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} optional builds for other platforms put back into package-lock.json`);
