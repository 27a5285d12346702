import { CPU, MEMORY_MB } from '../dryRunFigure.ts';
import {
  defineCondition,
  readThreshold,
  THRESHOLD,
  THRESHOLD_INITIALLY,
  writeThreshold,
} from './condition.ts';

const INITIALLY: typeof THRESHOLD_INITIALLY & { process: string; processOf: 'cpu' | 'memory' } = {
  ...THRESHOLD_INITIALLY,
  process: '',
  processOf: 'cpu',
};

export const process = defineCondition('process', INITIALLY, {
  label: 'A process takes too much',
  fields: [
    {
      key: 'process',
      place: 'condition.process',
      label: 'Process',
      hint: 'A name or a pattern (* and ?). What matches counts together.',
      isWide: true,
    },
    {
      key: 'processOf',
      place: 'condition.of',
      label: 'Of',
      choices: [
        ['cpu', 'CPU'],
        ['memory', 'Memory'],
      ],
    },
    THRESHOLD,
  ],
  unit: ({ processOf }) => (processOf === 'cpu' ? '% of one core' : 'MB'),
  write: (condition) => ({
    ...writeThreshold(condition),
    process: condition.process,
    processOf: condition.of,
  }),
  read: (form, reader) => ({
    kind: 'process',
    process: form.process,
    of: form.processOf,
    at_or_above: readThreshold(form, reader),
  }),
  text: ({ process: name, of, at_or_above }) =>
    `Processes ${name} at or above ${at_or_above} ${of === 'cpu' ? '% of a core' : 'MB'}`,
  figure: ({ of }) => ({ ...(of === 'cpu' ? CPU : MEMORY_MB), threshold: undefined }),
});
