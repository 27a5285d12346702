import { useServices } from '../../services.tsx';
import { useMedia } from '../../fleet/useMedia.ts';
import { alertPath } from '../../state/routes.ts';
import { spanText } from '../../state/time.ts';
import type { AlertView } from '../../../core/contracts/alerting/views.ts';
import { culpritText } from '../alertTexts.ts';
import { MOST_ROWS, type Bar, type Row, type TimeAxis } from './lanes.ts';
import { ticksOf, zoneOffsetAt, type Tick } from './timeTicks.ts';

interface TimelineProps {
  rows: readonly Row[];
  axis: TimeAxis;
}

/** Height of a lane, and of bars by how grave they are, in px: told apart without colours, too. */
const LANE = 16;
const HEIGHTS = { critical: 12, warning: 9, info: 6 };

/** Alerts over time, a row for each host or rule. To be seen only: the table below it has the same, to read and to go to. */
export function Timeline({ rows, axis }: TimelineProps) {
  const { view } = useServices();
  const narrow = useMedia('(max-width: 40rem)');
  const ticks = ticksOf(axis, narrow ? 4 : 9, zoneOffsetAt);
  const follow = (event: MouseEvent) => {
    const id =
      event.target instanceof Element
        ? event.target.closest('[data-alert]')?.getAttribute('data-alert')
        : null;
    if (id) view.go(alertPath(id));
  };
  return (
    <div class="timeline" aria-hidden="true" onClick={follow}>
      {rows.slice(0, MOST_ROWS).map((row) => (
        <div key={row.name} class="timeline-row">
          <span class="timeline-name" title={row.name}>
            {row.name}
          </span>
          <RowBars row={row} ticks={ticks} />
        </div>
      ))}
      <div class="timeline-row">
        <span class="timeline-name" />
        <TickTexts ticks={ticks} />
      </div>
      {rows.length > MOST_ROWS && (
        <p class="timeline-more">And {rows.length - MOST_ROWS} more rows: see the table.</p>
      )}
    </div>
  );
}

const share = (part: number) => `${(100 * part).toFixed(3)}%`;

function RowBars({ row: { lanes }, ticks }: { row: Row; ticks: readonly Tick[] }) {
  const height = lanes.length * LANE + 4;
  return (
    <svg class="timeline-bars" height={height}>
      {ticks.map(({ at, place, isDay }) => (
        <line
          key={at}
          class="timeline-grid"
          data-day={isDay}
          x1={share(place)}
          x2={share(place)}
          y1={0}
          y2={height}
        />
      ))}
      {lanes.flatMap((bars, lane) =>
        bars.map((bar) => <AlertBar key={bar.alert.id} bar={bar} top={lane * LANE + 2} />),
      )}
    </svg>
  );
}

function AlertBar({ bar: { alert, begin, fired, end }, top }: { bar: Bar; top: number }) {
  const height = HEIGHTS[alert.severity];
  const y = top + (LANE - height) / 2;
  const title = useTitle(alert);
  return (
    <g class="timeline-bar" data-alert={alert.id} data-severity={alert.severity} data-state={alert.state}>
      <title>{title}</title>
      <rect class="timeline-before" x={share(begin)} width={share(fired - begin)} y={y} height={height} />
      <rect class="timeline-fired" x={share(fired)} width={share(end - fired)} y={y} height={height} rx={1} />
      {/* As large as a finger or a shaky hand needs. */}
      <rect class="timeline-hit" x={share(begin)} width={share(end - begin)} y={top} height={LANE} />
    </g>
  );
}

function useTitle(alert: AlertView): string {
  const { time, clock } = useServices();
  const { rule_name, agent_id, severity, started_at, resolved_at, culprits } = alert;
  const lasted = spanText((resolved_at ?? clock.now.peek()) - started_at);
  const [culprit] = culprits;
  return [
    `${rule_name} on ${agent_id} (${severity})`,
    `${time.near(started_at, clock.now.peek())}, ${resolved_at === null ? `on for ${lasted}` : `for ${lasted}`}`,
    ...(culprit === undefined ? [] : [culpritText(culprit)]),
  ].join('\n');
}

function TickTexts({ ticks }: { ticks: readonly Tick[] }) {
  const { time } = useServices();
  return (
    <svg class="timeline-ticks" height={18}>
      {ticks.map(({ at, place, isDay }) => (
        <text
          key={at}
          x={share(place)}
          y={13}
          // At an edge there is no room on both sides.
          text-anchor={place < 0.04 ? 'start' : place > 0.96 ? 'end' : 'middle'}
        >
          {isDay ? time.day(at) : time.minute(at)}
        </text>
      ))}
    </svg>
  );
}
