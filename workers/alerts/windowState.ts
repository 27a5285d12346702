import { z } from 'zod';
import { EMPTY_STATE, type CpuWindowState } from './cpuWindow.ts';

/**
 * The state as it is kept in Redis: one is read and written for each agent of each batch, so timestamps are written as
 * differences, and times and values apart (a quiet quarter of an hour takes 2 KB).
 */
const storedSchema = z
  .object({
    foldedTo: z.number().nullable(),
    openedAt: z.number().nullable(),
    firstAt: z.number(),
    steps: z.array(z.number()),
    values: z.array(z.number()),
    fired: z.array(
      z.object({
        startedAt: z.number(),
        timestamp: z.number(),
        cpuPercent: z.number(),
        rule: z.object({ threshold: z.number(), durationSeconds: z.number() }),
        announced: z.boolean(),
      }),
    ),
  })
  .refine(({ steps, values }) => steps.length === values.length);

/** The state as text, for {@link parseState}. */
export function serialiseState({ foldedTo, openedAt, samples, fired }: CpuWindowState): string {
  const firstAt = samples[0]?.timestamp ?? 0;
  return JSON.stringify({
    foldedTo,
    openedAt,
    firstAt,
    steps: samples.map(({ timestamp }, i) => timestamp - (samples[i - 1]?.timestamp ?? firstAt)),
    values: samples.map(({ value }) => value),
    fired,
  } satisfies z.input<typeof storedSchema>);
}

/** The state of a text; that of an agent never seen where there is none, or where it is damaged. */
export function parseState(text: string | undefined): CpuWindowState {
  if (text === undefined) return EMPTY_STATE;
  try {
    const stored = storedSchema.parse(JSON.parse(text));
    let timestamp = stored.firstAt;
    return {
      foldedTo: stored.foldedTo,
      openedAt: stored.openedAt,
      samples: stored.steps.map((step, i) => ({
        timestamp: (timestamp += step),
        value: stored.values[i] ?? 0,
      })),
      fired: stored.fired,
    };
  } catch {
    return EMPTY_STATE;
  }
}
