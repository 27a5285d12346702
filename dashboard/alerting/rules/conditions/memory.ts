import { MEMORY_MB, MEMORY_PERCENT } from '../dryRunFigure.ts';
import {
  defineCondition,
  readThreshold,
  THRESHOLD,
  THRESHOLD_INITIALLY,
  writeThreshold,
} from './condition.ts';

type Unit = 'percent' | 'mb';

const unitText = (unit: Unit) => (unit === 'percent' ? '%' : 'MB');

const INITIALLY: typeof THRESHOLD_INITIALLY & { memoryUnit: Unit } = {
  ...THRESHOLD_INITIALLY,
  memoryUnit: 'percent',
};

export const memory = defineCondition('memory', INITIALLY, {
  label: 'Memory of the host',
  fields: [
    {
      key: 'memoryUnit',
      place: 'condition.unit',
      label: 'In',
      choices: [
        ['percent', 'Percent of what there is'],
        ['mb', 'MB'],
      ],
    },
    THRESHOLD,
  ],
  unit: ({ memoryUnit }) => unitText(memoryUnit),
  write: (condition) => ({ ...writeThreshold(condition), memoryUnit: condition.unit }),
  read: (form, reader) => ({
    kind: 'memory',
    at_or_above: readThreshold(form, reader),
    unit: form.memoryUnit,
  }),
  text: ({ at_or_above, unit }) => `Memory at or above ${at_or_above} ${unitText(unit)}`,
  figure: ({ at_or_above, unit }) => ({
    ...(unit === 'percent' ? MEMORY_PERCENT : MEMORY_MB),
    threshold: at_or_above,
  }),
});
