import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { alignColumns } from './table.ts';

/** The part of a .cpuprofile (Chrome DevTools protocol, Profiler.Profile) that says where time was spent. */
const profileSchema = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() }),
    }),
  ),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});

export type Profile = z.output<typeof profileSchema>;

/** Where a process waits, and does not work. */
const IDLE = new Set(['(idle)', '(program)']);

const SHOWN = 15;

/** Functions by the time spent in themselves, not in what they call: the most expensive first, with their share. */
export function selfTimes({ nodes, samples, timeDeltas }: Profile): { place: string; share: number }[] {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const times = new Map<string, number>();
  let all = 0;
  for (const [i, id] of samples.entries()) {
    const place = places.get(id) ?? '';
    const time = timeDeltas[i] ?? 0;
    if (IDLE.has(place)) continue;
    all += time;
    times.set(place, (times.get(place) ?? 0) + time);
  }
  return [...times]
    .map(([place, time]) => ({ place, share: all === 0 ? 0 : time / all }))
    .sort((a, b) => b.share - a.share);
}

/** `parse node_modules/zod/v4/core/parse.js:12`: from the last folder of packages, or the last two parts of the path. */
function placeOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const packages = url.lastIndexOf('node_modules/');
  const file =
    packages === -1 ? url.split('/').slice(-2).join('/') : url.slice(packages + 'node_modules/'.length);
  return `${name} ${file}:${lineNumber + 1}`;
}

/** The most expensive functions of each profile in a folder that is no older than a moment in epoch ms. */
export async function describeProfiles(directory: string, sinceMs: number): Promise<string> {
  const files = (await readdir(directory)).filter(
    (name) => Number(/-(\d+)\.cpuprofile$/.exec(name)?.[1] ?? 0) >= sinceMs,
  );
  const parts = await Promise.all(
    files.sort().map(async (name) => {
      const profile = profileSchema.parse(JSON.parse(await readFile(join(directory, name), 'utf8')));
      const rows = selfTimes(profile)
        .slice(0, SHOWN)
        .map(({ place, share }) => [place, `${(share * 100).toFixed(1)} %`]);
      return `${join(directory, name)}\n${alignColumns([['  self time', ''], ...rows.map(([place = '', share = '']) => [`  ${place}`, share])])}`;
    }),
  );
  return parts.join('\n\n');
}
