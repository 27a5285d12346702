import { z } from 'zod';
import { EMPTY_STATE, type CpuWindowState } from './cpuWindow.ts';

/**
 * The state as it is kept in Redis: one is read and written for each agent of each batch. Samples that follow each other
 * at equal steps with equal values are one run, and each run begins where the one before ended: a quiet quarter of an
 * hour is some dozen bytes.
 */
const runSchema = z.tuple([
  /** Seconds from the sample before (the first: from `firstAt`), and between those of the run. */
  z.number(),
  /** How many. */
  z.number().int().min(1).max(10_000),
  z.number(),
]);

const storedSchema = z.object({
  foldedTo: z.number().nullable(),
  openedAt: z.number().nullable(),
  firstAt: z.number(),
  runs: z.array(runSchema),
  fired: z.array(
    z.object({
      startedAt: z.number(),
      timestamp: z.number(),
      cpuPercent: z.number(),
      rule: z.object({ threshold: z.number(), durationSeconds: z.number() }),
      announced: z.boolean(),
    }),
  ),
});

/** The state as text, for {@link parseState}. */
export function serialiseState({ foldedTo, openedAt, samples, fired }: CpuWindowState): string {
  const firstAt = samples[0]?.timestamp ?? 0;
  const runs: z.input<typeof runSchema>[] = [];
  let at = firstAt;
  for (const { timestamp, value } of samples) {
    const step = timestamp - at;
    const last = runs.at(-1);
    if (last !== undefined && last[0] === step && last[2] === value) last[1] += 1;
    else runs.push([step, 1, value]);
    at = timestamp;
  }
  return JSON.stringify({ foldedTo, openedAt, firstAt, runs, fired } satisfies z.input<typeof storedSchema>);
}

/** The state of a text; that of an agent never seen where there is none, or where it is damaged. */
export function parseState(text: string | undefined): CpuWindowState {
  if (text === undefined) return EMPTY_STATE;
  try {
    const { foldedTo, openedAt, firstAt, runs, fired } = storedSchema.parse(JSON.parse(text));
    const samples: CpuWindowState['samples'] = [];
    let timestamp = firstAt;
    for (const [step, count, value] of runs)
      for (let i = 0; i < count; i += 1) samples.push({ timestamp: (timestamp += step), value });
    return { foldedTo, openedAt, samples, fired };
  } catch {
    return EMPTY_STATE;
  }
}
