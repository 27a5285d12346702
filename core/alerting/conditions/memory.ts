import { z } from 'zod';
import { memoryMb, memoryPercent, oneFigure } from '../sample.ts';
import { defineCondition, figureSummary } from './condition.ts';

/** Memory of the whole host. */
export const memory = defineCondition(
  z.strictObject({
    kind: z.literal('memory'),
    at_or_above: z.number().nonnegative(),
    unit: z.enum(['percent', 'mb']).default('percent'),
  }),
  {
    source: 'sample',
    unit: ({ unit }) => unit,
    byMemory: () => true,
    read: ({ unit }) =>
      unit === 'mb' ? (sample) => oneFigure(memoryMb(sample)) : (sample) => oneFigure(memoryPercent(sample)),
    summary: (said) => figureSummary('memory used', said),
  },
);
