import { z } from 'zod';
import { boundedCpu } from '../sample.ts';
import { defineCondition, figureSummary } from './condition.ts';

/** One process fills a core. */
export const singleCoreHog = defineCondition(
  z.strictObject({
    kind: z.literal('single_core_hog'),
    at_or_above: z
      .number()
      .min(1)
      .default(95)
      .meta({ description: 'Percent of one core that one process, told apart by its pid, takes.' }),
  }),
  {
    source: 'sample',
    unit: () => 'percent',
    byMemory: () => false,
    read: (_, least) => (sample) =>
      (sample.processes() ?? [])
        .filter(({ cpu_percent }) => cpu_percent >= least)
        .map(({ pid, cpu_percent }) => ({ key: pid, value: boundedCpu(cpu_percent) })),
    summary: (said) => figureSummary('one process on one core', said),
  },
);
