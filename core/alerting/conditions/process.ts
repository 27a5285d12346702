import { z } from 'zod';
import type { ProcessSample } from '../../contracts/snapshot.ts';
import { globSchema } from '../../contracts/text.ts';
import { compileNames } from '../glob.ts';
import { boundedCpu, boundedMemory, oneFigure } from '../sample.ts';
import { defineCondition, figureSummary } from './condition.ts';

/** What processes of some name take together. */
export const process = defineCondition(
  z.strictObject({
    kind: z.literal('process'),
    process: globSchema.meta({ description: 'Which names; processes of matching names count together.' }),
    of: z.enum(['cpu', 'memory']),
    at_or_above: z.number().nonnegative().meta({ description: 'Percent of one core, or MB.' }),
  }),
  {
    source: 'sample',
    unit: ({ of }) => (of === 'cpu' ? 'percent' : 'mb'),
    byMemory: ({ of }) => of === 'memory',
    read({ process: pattern, of }) {
      const matches = compileNames(pattern);
      return (sample) => oneFigure(total(sample.processes(), matches, of));
    },
    summary: (said, { process: pattern, of }) =>
      figureSummary(`${of === 'cpu' ? 'CPU' : 'memory'} of ${pattern}`, said),
  },
);

function total(
  processes: readonly ProcessSample[] | undefined,
  matches: (name: string) => boolean,
  of: 'cpu' | 'memory',
): number | undefined {
  if (processes === undefined) return undefined;
  let sum = 0;
  for (const { name, cpu_percent, memory_mb } of processes)
    if (matches(name)) sum += of === 'cpu' ? boundedCpu(cpu_percent) : boundedMemory(memory_mb);
  return sum;
}
