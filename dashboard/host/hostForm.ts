import type { Agent, AgentChanges } from '../../core/contracts/agents.ts';
import { createFieldReader, labelLines, type Read } from '../form/fieldReader.ts';

/** What the operator says of a host, as it is typed: its name, and a label a line. */
export interface HostForm {
  name: string;
  labels: string;
}

type Described = Pick<Agent, 'id' | 'name' | 'labels'>;

export function hostForm({ id, name, labels }: Described): HostForm {
  return { name: name === id ? '' : name, labels: labelLines(labels) };
}

/** What the form changes of the host as it was: labels that stay as they are, its own among them, are left to it. */
export function readHost(form: HostForm, before: Described): Read<AgentChanges> {
  const reader = createFieldReader();
  const wanted = reader.labels('labels', form.labels);
  const set = Object.entries(wanted).filter(([key, value]) => before.labels[key] !== value);
  const gone = Object.keys(before.labels).filter((key) => !Object.hasOwn(wanted, key));
  return reader.done({
    name: form.name.trim() === '' ? null : form.name,
    labels: Object.fromEntries<string | null>([...set, ...gone.map((key) => [key, null] as const)]),
  });
}
