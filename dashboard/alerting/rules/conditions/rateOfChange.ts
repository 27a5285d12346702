import { durationField } from '../../../form/duration.ts';
import { CPU, MEMORY_MB, MEMORY_PERCENT } from '../dryRunFigure.ts';
import {
  defineCondition,
  readThreshold,
  THRESHOLD,
  THRESHOLD_INITIALLY,
  writeThreshold,
} from './condition.ts';

type Of = 'cpu' | 'memory_percent' | 'memory_mb';

const FIGURES = { cpu: CPU, memory_percent: MEMORY_PERCENT, memory_mb: MEMORY_MB };

const unitText = (of: Of) => (of === 'memory_mb' ? 'MB' : 'percent points');

const INITIALLY: typeof THRESHOLD_INITIALLY & { riseOf: Of; within: string } = {
  ...THRESHOLD_INITIALLY,
  riseOf: 'cpu',
  within: '5 min',
};

export const rateOfChange = defineCondition('rate_of_change', INITIALLY, {
  label: 'A figure rises fast',
  fields: [
    {
      key: 'riseOf',
      place: 'condition.of',
      label: 'Of',
      choices: [
        ['cpu', 'CPU'],
        ['memory_percent', 'Memory, in percent'],
        ['memory_mb', 'Memory, in MB'],
      ],
    },
    { ...THRESHOLD, label: 'Rises by' },
    {
      key: 'within',
      place: 'condition.within_seconds',
      label: 'Within',
      hint: 'Above its lowest value of this long: 15 min at most.',
    },
  ],
  unit: ({ riseOf }) => unitText(riseOf),
  write: (condition) => ({
    ...writeThreshold(condition),
    riseOf: condition.of,
    within: durationField(condition.within_seconds),
  }),
  read: (form, reader) => ({
    kind: 'rate_of_change',
    of: form.riseOf,
    at_or_above: readThreshold(form, reader),
    within_seconds: reader.seconds('condition.within_seconds', form.within),
  }),
  text: ({ of, at_or_above, within_seconds }) =>
    `${of === 'cpu' ? 'CPU' : 'Memory'} up by ${at_or_above} ${unitText(of)} within ${durationField(within_seconds)}`,
  figure: ({ of }) => ({ ...FIGURES[of], threshold: undefined }),
});
