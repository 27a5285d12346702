import { z } from 'zod';
import { globSchema } from '../../contracts/text.ts';
import { compileNames } from '../glob.ts';
import { oneFigure } from '../sample.ts';
import { defineCondition } from './condition.ts';

/** No process of some name runs. */
export const processMissing = defineCondition(
  z.strictObject({
    kind: z.literal('process_missing'),
    process: globSchema.meta({
      description: 'None of the processes an agent reports (its top 12) has such a name.',
    }),
  }),
  {
    source: 'sample',
    unit: () => 'none',
    byMemory: () => false,
    read({ process }) {
      const matches = compileNames(process);
      return (sample) => {
        const processes = sample.processes();
        return oneFigure(processes === undefined || processes.some(({ name }) => matches(name)) ? 0 : 1);
      };
    },
    summary: ({ agent, lasted, isOver }, { process }) =>
      `${agent}: ${process} ${isOver ? 'is back after' : 'has been missing for'} ${lasted}`,
  },
);
