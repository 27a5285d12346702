import { z } from 'zod';
import { durationText } from '../../time.ts';
import { SERIES_FIGURES } from '../sample.ts';
import { defineCondition, figureSummary } from './condition.ts';

/** A figure of the host rises fast. */
export const rateOfChange = defineCondition(
  z.strictObject({
    kind: z.literal('rate_of_change'),
    of: z.enum(SERIES_FIGURES),
    at_or_above: z.number().positive().meta({ description: 'Rise, in the figure’s own unit.' }),
    within_seconds: z
      .number()
      .int()
      .min(1)
      .max(900)
      .meta({ description: 'From its lowest value of this long.' }),
  }),
  {
    source: 'series',
    unit: ({ of }) => (of === 'memory_mb' ? 'mb' : 'percent'),
    byMemory: ({ of }) => of !== 'cpu',
    rise: ({ of, within_seconds }) => ({ of, withinSeconds: within_seconds }),
    summary: (said, { of, within_seconds }) =>
      figureSummary(
        `rise of ${of === 'cpu' ? 'CPU' : 'memory'} within ${durationText(within_seconds)}`,
        said,
      ),
  },
);
