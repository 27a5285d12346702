import { useEffect, useState } from 'preact/hooks';
import type { AlertRule } from '../../../core/contracts/alerting/rule.ts';
import { useServices } from '../../services.tsx';
import { toggled } from '../../fleet/criteria.ts';
import { SEVERITIES } from '../severities.ts';
import { Choice } from './choice.tsx';
import { queryOf, RANGES, STATES, type HistoryView } from './historyView.ts';

interface FilterBarProps {
  shown: HistoryView;
}

/** How far back, and which alerts. */
export function FilterBar({ shown }: FilterBarProps) {
  const { view } = useServices();
  const change = (changes: Partial<HistoryView>) => view.setQuery(queryOf(changes), { push: true });
  return (
    <div class="history-bar">
      <Choice
        label="How far back"
        options={RANGES.map(({ name }) => name)}
        isOn={(name) => name === shown.range.name}
        onChoose={(name) => change({ range: RANGES.find((range) => range.name === name) ?? shown.range })}
      />
      <Choice
        label="Only what"
        options={STATES}
        isOn={(state) => shown.states.includes(state)}
        onChoose={(state) => change({ states: toggled(shown.states, state) })}
      />
      <Choice
        label="Only severity"
        options={SEVERITIES}
        isOn={(severity) => shown.severities.includes(severity)}
        onChoose={(severity) => change({ severities: toggled(shown.severities, severity) })}
      />
      <TextFilter label="Host" value={shown.agent} onChange={(agent) => change({ agent })} />
      <RuleFilter rule={shown.rule} onChange={(rule) => change({ rule })} />
      <TextFilter label="Label (key=value)" value={shown.label} onChange={(label) => change({ label })} />
    </div>
  );
}

interface TextFilterProps {
  label: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

/** Asked for when it is all typed: half an id is nobody's. */
function TextFilter({ label, value, onChange }: TextFilterProps) {
  return (
    <input
      class="field"
      type="search"
      placeholder={label}
      aria-label={label}
      value={value ?? ''}
      onChange={({ currentTarget }) => onChange(currentTarget.value.trim() || undefined)}
    />
  );
}

function RuleFilter({
  rule,
  onChange,
}: {
  rule: string | undefined;
  onChange: (rule: string | undefined) => void;
}) {
  const { client } = useServices();
  const [rules, setRules] = useState<AlertRule[]>([]);
  useEffect(() => {
    const ended = new AbortController();
    // Where the rules cannot be read there is nothing to choose; the alerts are there all the same.
    client.get('/api/alert-rules', { signal: ended.signal }).then(
      (answer) => setRules(answer.rules),
      () => undefined,
    );
    return () => ended.abort();
  }, [client]);
  const isKnown = rule === undefined || rules.some(({ id }) => id === rule);
  return (
    <select
      class="field"
      aria-label="Rule"
      value={rule ?? ''}
      onChange={({ currentTarget }) => onChange(currentTarget.value || undefined)}
    >
      <option value="">Any rule</option>
      {!isKnown && <option value={rule}>{rule}</option>}
      {rules.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  );
}
