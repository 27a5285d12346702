import { useServices } from '../services.tsx';
import { countOf, countText } from '../state/number.ts';
import {
  criteriaOf,
  queryOf,
  SHOWN_STATES,
  SORTS,
  toggled,
  usuallyDescending,
  type Criteria,
  type ShownState,
  type Sort,
} from './criteria.ts';
import type { Fleet } from './fleet.ts';

const STATE_WORDS: Record<ShownState, string> = {
  online: 'online',
  stale: 'late',
  offline: 'offline',
  firing: 'firing',
};

const SORT_WORDS: Record<Sort, string> = {
  name: 'name',
  state: 'state',
  cpu: 'CPU',
  memory: 'memory',
  top: 'top process',
  seen: 'last seen',
  alerts: 'alerts',
};

/** What there is, and what of it is listed. */
export function FleetBar({ fleet }: { fleet: Fleet }) {
  const { view } = useServices();
  const criteria = criteriaOf(view.query.value);
  const change = (changes: Partial<Criteria>) => view.setQuery(queryOf({ ...criteria, ...changes }));
  return (
    <div class="fleet-bar">
      <h1>Fleet</h1>
      <Totals fleet={fleet} criteria={criteria} change={change} />
      <div class="fleet-filters">
        <input
          class="field search"
          type="search"
          placeholder="Search hosts"
          aria-label="Search hosts by name or id"
          value={criteria.search}
          onInput={(event) => change({ search: event.currentTarget.value })}
        />
        <LabelChoice fleet={fleet} criteria={criteria} change={change} />
        <select
          class="field sort-choice"
          aria-label="Sort by"
          value={criteria.sort}
          onChange={({ currentTarget: { value } }) => {
            const sort = SORTS.find((one) => one === value) ?? 'name';
            change({ sort, descending: usuallyDescending(sort) });
          }}
        >
          {SORTS.map((sort) => (
            <option key={sort} value={sort}>
              By {SORT_WORDS[sort]}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}

interface PartProps {
  fleet: Fleet;
  criteria: Criteria;
  change: (changes: Partial<Criteria>) => void;
}

function Totals({ fleet, criteria, change }: PartProps) {
  const counts = fleet.counts.value;
  return (
    <div class="totals" role="group" aria-label="Show only">
      <span class="total-all">{countOf(counts.all, 'host')}</span>
      {SHOWN_STATES.map((state) => (
        <button
          key={state}
          type="button"
          class="total"
          data-state={state}
          data-none={counts[state] === 0 ? '' : undefined}
          aria-pressed={criteria.states.includes(state)}
          onClick={() => change({ states: toggled(criteria.states, state) })}
        >
          <span class="state-mark" data-state={state} aria-hidden="true" />
          <span class="total-count">{countText(counts[state])}</span> {STATE_WORDS[state]}
        </button>
      ))}
    </div>
  );
}

function LabelChoice({ fleet, criteria, change }: PartProps) {
  const { labels } = criteria;
  const others = fleet.labels.value.filter((label) => !labels.includes(label));
  return (
    <>
      {labels.map((label) => (
        <button
          key={label}
          type="button"
          class="chosen-label"
          aria-label={`Do not filter by ${label}`}
          onClick={() => change({ labels: toggled(labels, label) })}
        >
          {label} <span aria-hidden="true">×</span>
        </button>
      ))}
      {(others.length > 0 || labels.length > 0) && (
        <select
          class="field label-choice"
          aria-label="Filter by a label"
          value=""
          disabled={others.length === 0}
          onChange={({ currentTarget }) => {
            if (currentTarget.value !== '') change({ labels: [...labels, currentTarget.value] });
            currentTarget.value = '';
          }}
        >
          <option value="">{labels.length === 0 ? 'Any label' : 'Another label'}</option>
          {others.map((label) => (
            <option key={label} value={label}>
              {label}
            </option>
          ))}
        </select>
      )}
    </>
  );
}
