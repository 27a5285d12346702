import { CPU } from '../dryRunFigure.ts';
import { defineCondition } from './condition.ts';

export const agentSilent = defineCondition(
  'agent_silent',
  {},
  {
    label: 'A host has fallen silent',
    fields: [],
    write: () => ({}),
    read: () => ({ kind: 'agent_silent' }),
    text: () => 'Nothing is heard of the host',
    figure: () => ({ ...CPU, threshold: undefined }),
  },
);
