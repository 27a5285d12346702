import { CPU } from '../dryRunFigure.ts';
import {
  defineCondition,
  readThreshold,
  THRESHOLD,
  THRESHOLD_INITIALLY,
  writeThreshold,
} from './condition.ts';

export const singleCoreHog = defineCondition('single_core_hog', THRESHOLD_INITIALLY, {
  label: 'One process fills a core',
  fields: [THRESHOLD],
  unit: () => '% of one core',
  write: writeThreshold,
  read: (form, reader) => ({ kind: 'single_core_hog', at_or_above: readThreshold(form, reader) }),
  text: ({ at_or_above }) => `One process at or above ${at_or_above} % of a core`,
  figure: () => ({ ...CPU, threshold: undefined }),
});
