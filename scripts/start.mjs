// @ts-check
// `npm start`: sets up what is missing, then brings everything up.
import { setUpOrExit } from './setup.mjs';

await setUpOrExit();
/** @type {{ up: (args: string[]) => Promise<void> }} */
const { up } = await import(new URL('../dist/scripts/up.js', import.meta.url).href);
await up(process.argv.slice(2));
