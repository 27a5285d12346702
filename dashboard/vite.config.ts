import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** The service whose data `npm run dashboard:dev` shows. */
const SERVICE = process.env['TOPLINE_URL'] ?? 'http://localhost:8000';

/** What the service answers itself; all else is the dashboard. */
const OF_THE_SERVICE = [
  '/api',
  '/health',
  '/livez',
  '/readyz',
  '/metrics',
  '/docs',
  '/openapi.json',
  '/board',
  '/ws',
];

const COMPRESSIBLE = /\.(?:js|css|html|svg)$/;

/** Writes a `.br` and a `.gz` beside each file, so that the service compresses nothing while it serves. */
function compressed(): Plugin {
  let directory = '';
  return {
    name: 'topline:compressed',
    apply: 'build',
    configResolved: ({ root, build }) => void (directory = join(root, build.outDir)),
    // Not `closeBundle`, which also runs after a failure, and would put its own complaint over what is wrong.
    async writeBundle() {
      const entries = await readdir(directory, { recursive: true });
      await Promise.all(
        entries
          .filter((name) => COMPRESSIBLE.test(name))
          .map(async (name) => {
            const file = join(directory, name);
            const content = await readFile(file);
            const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
            await writeFile(`${file}.br`, await promisify(brotliCompress)(content, quality));
            await writeFile(`${file}.gz`, await promisify(gzip)(content, { level: 9 }));
          }),
      );
    },
  };
}

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [compressed()],
  build: {
    outDir: '../dist/dashboard',
    emptyOutDir: true,
    sourcemap: true,
    // A data: URL is nothing the content security policy lets a style or a font use.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: Object.fromEntries([
      ...OF_THE_SERVICE.map((path) => [path, SERVICE]),
      ['/socket.io', { target: SERVICE, ws: true }],
    ]),
  },
});
