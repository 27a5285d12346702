import { readFile } from 'node:fs/promises';
import type { Supervised } from './supervised.ts';

/** Slow sockets that an API node closed so far, by the lines of its log. */
export async function droppedSockets(api: Supervised | undefined): Promise<{ raw: number; io: number }> {
  const log = api === undefined ? '' : await readFile(api.logFile, 'utf8');
  const raw = log.match(/"raw socket too slow/g)?.length ?? 0;
  return { raw, io: log.match(/"socket too slow/g)?.length ?? 0 };
}

/** Live connections an API node says it has, of both kinds. */
export async function openSocketsOf(url: string): Promise<number> {
  const page = await fetch(`${url}/metrics`).then((answer) => answer.text());
  return [...page.matchAll(/^topline_sockets\{[^}]*\} (\d+)/gm)].reduce((sum, [, n]) => sum + Number(n), 0);
}
