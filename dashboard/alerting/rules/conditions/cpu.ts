import { CPU } from '../dryRunFigure.ts';
import {
  defineCondition,
  readThreshold,
  THRESHOLD,
  THRESHOLD_INITIALLY,
  writeThreshold,
} from './condition.ts';

export const cpu = defineCondition('cpu', THRESHOLD_INITIALLY, {
  label: 'CPU of the host',
  fields: [THRESHOLD],
  unit: () => '%',
  write: writeThreshold,
  read: (form, reader) => ({ kind: 'cpu', at_or_above: readThreshold(form, reader) }),
  text: ({ at_or_above }) => `CPU at or above ${at_or_above} %`,
  figure: ({ at_or_above }) => ({ ...CPU, threshold: at_or_above }),
});
