import type { AgentMatcher, Severity } from '../../../core/contracts/alerting/rule.ts';
import type { AlertMatcher } from '../../../core/contracts/alerting/silence.ts';
import { labelLines, linesOf, type createFieldReader } from '../../form/fieldReader.ts';

/** Which agents, as it is typed: a pattern and a label a line. */
export interface AgentsForm {
  agents: string;
  labels: string;
}

/** Which alerts. */
export interface MatcherForm extends AgentsForm {
  rules: string[];
  severities: Severity[];
}

export const EVERY_ALERT: MatcherForm = { agents: '*', labels: '', rules: [], severities: [] };

export function agentsForm({ agents, labels }: AgentMatcher): AgentsForm {
  return { agents: agents.join('\n'), labels: labelLines(labels) };
}

export function matcherForm(match: AlertMatcher): MatcherForm {
  return { ...agentsForm(match), rules: [...match.rules], severities: [...match.severities] };
}

type Reader = ReturnType<typeof createFieldReader>;

export function readAgents(reader: Reader, form: AgentsForm): AgentMatcher {
  const agents = linesOf(form.agents).map((line) => line.trim());
  if (agents.length === 0) reader.refuse('match.agents', 'Name at least one pattern: * is every host');
  return { agents, labels: reader.labels('match.labels', form.labels) };
}

export function readMatcher(reader: Reader, form: MatcherForm): AlertMatcher {
  return { ...readAgents(reader, form), rules: form.rules, severities: form.severities };
}

/** In words: `web-*, db-1 with env=prod, critical, rule cpu-hot`. */
export function matcherText(match: AgentMatcher & Partial<AlertMatcher>): string {
  const { agents, labels, rules = [], severities = [] } = match;
  const hosts = agents.includes('*') ? 'Every host' : agents.join(', ');
  const pairs = labelLines(labels).replaceAll('\n', ', ');
  return [
    pairs === '' ? hosts : `${hosts} with ${pairs}`,
    severities.join(' or '),
    rules.length === 0 ? '' : `${rules.length === 1 ? 'rule' : 'rules'} ${rules.join(', ')}`,
  ]
    .filter((part) => part !== '')
    .join('; ');
}
