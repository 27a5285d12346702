import type { Condition } from '../../core/contracts/agents.ts';
import type { ReadonlySignal } from '@preact/signals';
import { useServices } from '../services.tsx';
import { Time } from '../shell/time.tsx';
import { heatOf, memoryOfText, NO_VALUE, percentText } from '../state/number.ts';
import { hostPath } from '../state/routes.ts';
import { durationText } from '../state/time.ts';
import { criteriaOf, queryOf, toggled } from './criteria.ts';
import type { Fleet } from './fleet.ts';
import { conditionAt, memoryShare, type Figures, type Row } from './row.ts';
import { Sparkline } from './sparkline.tsx';

interface FleetRowProps {
  fleet: Fleet;
  row: ReadonlySignal<Row>;
  /** Its place in the whole list, from 0. */
  index: number;
  /** Px from the list's top. */
  start: number;
}

/** One host. It paints itself anew when it has news, or a second has passed: the rest of the list does not. */
export function FleetRow({ fleet, row: { value: row }, index, start }: FleetRowProps) {
  const asOf = fleet.asOf.value;
  const condition = conditionAt(row, asOf);
  const silent = condition === 'online' ? '' : ' silent';
  return (
    <div
      class={`fleet-row${silent}`}
      role="row"
      aria-rowindex={index + 2}
      style={{ transform: `translateY(${start}px)` }}
    >
      <div role="cell" class="cell-host">
        <StateMark condition={condition} />
        <a class="host-link" href={hostPath(row.id)} title={row.name === row.id ? undefined : row.id}>
          {row.name}
        </a>
        <Labels labels={row.labels} />
      </div>
      <Cpu latest={row.latest} />
      <div role="cell" class="cell-spark">
        <Sparkline spark={row.spark} asOf={asOf} />
      </div>
      <Memory row={row} />
      <div role="cell" class="cell-top live">
        {row.latest?.top === undefined ? (
          <span class="none">{NO_VALUE}</span>
        ) : (
          <>
            <span class="top-name" title={row.latest.top.name}>
              {row.latest.top.name}
            </span>
            <span class="top-cpu" title="Percent of one core">
              {percentText(row.latest.top.cpu)} %
            </span>
          </>
        )}
      </div>
      <div role="cell" class="cell-seen">
        {condition === 'offline' && <span class="seen-word">offline </span>}
        <Time seconds={row.lastSeen} as="ago" />
      </div>
      <FiringCell fleet={fleet} id={row.id} silent={condition !== 'online'} />
    </div>
  );
}

const STATE_WORDS: Record<Condition, string> = { online: 'Online', stale: 'Late', offline: 'Offline' };

/** A disc, a half disc or a ring: told apart without its colour, too. */
export function StateMark({ condition }: { condition: Condition }) {
  return (
    <span
      class="state-mark"
      data-state={condition}
      role="img"
      aria-label={STATE_WORDS[condition]}
      title={STATE_WORDS[condition]}
    />
  );
}

function Labels({ labels }: { labels: Row['labels'] }) {
  const { view } = useServices();
  const filter = (label: string) => {
    const criteria = criteriaOf(view.query.peek());
    view.setQuery(queryOf({ ...criteria, labels: toggled(criteria.labels, label) }));
  };
  return (
    <span class="labels">
      {Object.entries(labels).map(([key, value]) => (
        // For the mouse: with the keyboard there is the list of labels above.
        <button
          key={key}
          type="button"
          class="label"
          tabIndex={-1}
          title={`Only hosts with ${key}=${value}`}
          onClick={() => filter(`${key}=${value}`)}
        >
          {value}
        </button>
      ))}
    </span>
  );
}

function Cpu({ latest }: { latest: Figures | undefined }) {
  return (
    <div role="cell" class="cell-cpu">
      <span class="figure live">{percentText(latest?.cpu)}</span>
      <Bar percent={latest?.cpu} heat={heatOf(latest?.cpu ?? 0)} />
    </div>
  );
}

function Memory({ row }: { row: Row }) {
  const share = memoryShare(row);
  return (
    <div role="cell" class="cell-memory">
      <span class="figure live">{share === undefined ? NO_VALUE : Math.round(share)}</span>
      <Bar percent={share} heat={share !== undefined && share >= 95 ? 'hot' : 'plain'} />
      <span class="memory-sizes">
        {row.latest !== undefined && memoryOfText(row.latest.memoryUsedMb, row.latest.memoryTotalMb)}
      </span>
    </div>
  );
}

/** The number beside it says the same. */
function Bar({ percent, heat }: { percent: number | undefined; heat: string }) {
  return (
    <span class="bar live-mark" aria-hidden="true">
      <span class="bar-fill" data-heat={heat} style={{ transform: `scaleX(${(percent ?? 0) / 100})` }} />
    </span>
  );
}

function FiringCell({ fleet, id, silent }: { fleet: Fleet; id: string; silent: boolean }) {
  const firing = fleet.firing.value.get(id) ?? [];
  const [first] = firing;
  if (first === undefined) return <div role="cell" class="cell-alerts" />;
  const lasting = durationText(fleet.asOf.value - first.started_at);
  return (
    <div role="cell" class="cell-alerts" title={firing.map(({ summary }) => summary).join('\n')}>
      <span class="firing">
        <span class="unseen">Firing for </span>
        {firing.length > 1 && `${firing.length} · `}
        {lasting}
        {silent && <span class="firing-note">, no data</span>}
      </span>
    </div>
  );
}
