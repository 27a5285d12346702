import { CPU } from '../dryRunFigure.ts';
import { defineCondition } from './condition.ts';

export const processMissing = defineCondition(
  'process_missing',
  { process: '' },
  {
    label: 'A process is missing',
    fields: [
      {
        key: 'process',
        place: 'condition.process',
        label: 'Process',
        hint: 'A name or a pattern (* and ?). It is looked for among those an agent reports: its top 12.',
        isWide: true,
      },
    ],
    write: ({ process }) => ({ process }),
    read: ({ process }) => ({ kind: 'process_missing', process }),
    text: ({ process }) => `No process ${process}`,
    figure: () => ({ ...CPU, threshold: undefined }),
  },
);
