import { z } from 'zod';
import { STEPS, TIERS } from './historyTerms.ts';
import { labelQuerySchema } from './labels.ts';
import { agentIdSchema } from './snapshot.ts';

// What every question about the past is asked with, and what every answer says of itself.

/** How a time may be written, for the messages and the documents. */
export const TIME_FORMATS =
  'epoch seconds or milliseconds, ISO 8601 (UTC where it names no offset), or relative to now: -90s, -30m, -6h, -7d, -2w, now';

/** A moment in a query. */
export const timeSchema = z
  .string()
  .max(40)
  .meta({ description: `${TIME_FORMATS.replace(/^e/, 'E')}.` });

export const fromSchema = timeSchema
  .default('-1h')
  .meta({ description: `First moment of the range. ${TIME_FORMATS.replace(/^e/, 'E')}.` });

export const toSchema = timeSchema
  .default('now')
  .meta({ description: 'First moment behind the range, written like from.' });

export const stepSchema = z
  .string()
  .max(12)
  .optional()
  .meta({
    description:
      `How far apart points are: raw, or a number of seconds, or one with s, m, h or d. Left out, it is chosen so that ` +
      `there are some 300 to 1,500 of them: ${STEPS.map(({ name }) => name).join(', ')}.`,
  });

/** The fields of a query that say whose history is asked for. */
export const scopeFields = {
  agent: agentIdSchema
    .optional()
    .meta({ description: 'One host. Left out: all of them, or those with the labels.' }),
  label: labelQuerySchema,
};

export const secondsSchema = z.number().int().meta({ description: 'Epoch seconds.' });

/** Which part of an answer was read from what. */
export const tiersSchema = z
  .array(
    z.object({
      tier: z.enum(TIERS),
      from: z.number().int(),
      to: z.number().int(),
    }),
  )
  .meta({
    description:
      'What each part of the range was read from: raw snapshots, or what is rolled up to minutes or hours. The figures ' +
      'are the same whichever it is.',
  });

export const untilSchema = secondsSchema.meta({
  description: 'What was stored after this time is not in the answer yet.',
});
