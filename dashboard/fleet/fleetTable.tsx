import { useRef } from 'preact/hooks';
import { useServices } from '../services.tsx';
import { criteriaOf, queryOf, sortedBy, type Criteria, type Sort } from './criteria.ts';
import type { Fleet } from './fleet.ts';
import { FleetRow } from './fleetRow.tsx';
import { useMedia } from './useMedia.ts';
import { useVirtualRows } from './virtualRows.ts';

/** What each column is called and sorted by; the sparkline has nothing to be sorted by. */
export const COLUMNS: { name: string; unit?: string; sort?: Sort; className: string }[] = [
  { name: 'Host', sort: 'name', className: 'cell-host' },
  { name: 'CPU', unit: '%', sort: 'cpu', className: 'cell-cpu' },
  { name: 'Last 5 minutes', className: 'cell-spark' },
  { name: 'Memory', unit: '%', sort: 'memory', className: 'cell-memory' },
  { name: 'Top process', sort: 'top', className: 'cell-top' },
  { name: 'Last seen', sort: 'seen', className: 'cell-seen' },
  { name: 'Firing', sort: 'alerts', className: 'cell-alerts' },
];

/** Heights of a row in px, as fleet.css has them; on a narrow screen it takes two lines. */
const ROW_HEIGHT = { wide: 38, narrow: 66 };
export const NARROW = '(max-width: 52rem)';

/** The list. Only the rows that can be seen are in the document; it says how many there are. */
export function FleetTable({ fleet }: { fleet: Fleet }) {
  const { view } = useServices();
  const body = useRef<HTMLDivElement>(null);
  const ids = fleet.ids.value;
  const narrow = useMedia(NARROW);
  const { items, height } = useVirtualRows(body, ids.length, narrow ? ROW_HEIGHT.narrow : ROW_HEIGHT.wide);
  const criteria = criteriaOf(view.query.value);
  const hold = (isHeld: boolean) => () => void (fleet.held.value = isHeld);
  return (
    <div
      class="fleet-table"
      role="table"
      aria-label="Hosts"
      aria-rowcount={ids.length + 1}
      onPointerEnter={(event) => {
        // A finger does not point, and does not leave either.
        if (event.pointerType === 'mouse') fleet.held.value = true;
      }}
      onPointerLeave={hold(false)}
    >
      <div role="rowgroup" class="fleet-head">
        <div role="row" aria-rowindex={1} class="fleet-columns">
          {COLUMNS.map((column) => (
            <ColumnHead key={column.name} {...column} criteria={criteria} />
          ))}
        </div>
      </div>
      <div role="rowgroup" class="fleet-body" ref={body} style={{ height: `${height}px` }}>
        {items.map(({ index, start }) => {
          const id = ids[index];
          const row = id === undefined ? undefined : fleet.row(id);
          return row && <FleetRow key={id} fleet={fleet} row={row} index={index} start={start} />;
        })}
      </div>
    </div>
  );
}

function ColumnHead({
  name,
  unit,
  sort,
  className,
  criteria,
}: (typeof COLUMNS)[number] & { criteria: Criteria }) {
  const { view } = useServices();
  const isSorted = sort !== undefined && criteria.sort === sort;
  const direction = criteria.descending ? 'descending' : 'ascending';
  const text = (
    <>
      {name}
      {unit !== undefined && <span class="unit"> {unit}</span>}
    </>
  );
  return (
    <div role="columnheader" class={className} aria-sort={isSorted ? direction : undefined}>
      {sort === undefined ? (
        text
      ) : (
        <button type="button" class="sort" onClick={() => view.setQuery(queryOf(sortedBy(criteria, sort)))}>
          {text}
          <span class="sort-mark" aria-hidden="true">
            {isSorted ? (criteria.descending ? '↓' : '↑') : ''}
          </span>
        </button>
      )}
    </div>
  );
}
