import { z } from 'zod';
import { oneFigure } from '../sample.ts';
import { defineCondition, figureSummary } from './condition.ts';

/** CPU of the whole host. */
export const cpu = defineCondition(
  z.strictObject({
    kind: z.literal('cpu'),
    at_or_above: z.number().min(0).max(100).meta({ description: 'Percent of the whole host.' }),
  }),
  {
    source: 'sample',
    unit: () => 'percent',
    byMemory: () => false,
    read:
      () =>
      ({ cpuPercent }) =>
        oneFigure(cpuPercent),
    summary: (said) => figureSummary('CPU', said),
  },
);
