import type { MaintenanceView } from '../../../core/contracts/alerting/views.ts';
import { Time } from '../../shell/time.tsx';
import { ConfirmButton } from '../../form/confirmButton.tsx';
import { durationField } from '../../form/duration.ts';
import { matcherText } from '../form/matcherForm.ts';

interface MaintenanceTableProps {
  windows: readonly MaintenanceView[];
  canChange: boolean;
  busy: boolean;
  onEdit(window: MaintenanceView): void;
  onDelete(window: MaintenanceView): void;
}

export function MaintenanceTable(props: MaintenanceTableProps) {
  return (
    <table class="listed">
      <thead>
        <tr>
          <th scope="col">Maintenance</th>
          <th scope="col">Silenced</th>
          <th scope="col">Next</th>
          <th scope="col">By</th>
          {props.canChange && <th scope="col">Act</th>}
        </tr>
      </thead>
      <tbody>
        {props.windows.map((window) => (
          <MaintenanceRow key={window.id} window={window} {...props} />
        ))}
      </tbody>
    </table>
  );
}

function MaintenanceRow(props: MaintenanceTableProps & { window: MaintenanceView }) {
  const { window, canChange, busy, onEdit, onDelete } = props;
  const { name, cron, time_zone, duration_seconds, match, author, comment } = window;
  return (
    <tr>
      <th scope="row">
        {name}
        <span class="listed-note">
          <code>{cron}</code> {time_zone}, for {durationField(duration_seconds)}
        </span>
      </th>
      <td>{matcherText(match)}</td>
      <td>
        <NextWindow window={window} />
      </td>
      <td>
        {author}
        {comment !== '' && <span class="listed-note">{comment}</span>}
      </td>
      {canChange && (
        <td>
          <div class="row-buttons">
            <button type="button" class="button small" onClick={() => onEdit(window)}>
              Edit<span class="unseen"> {name}</span>
            </button>
            <ConfirmButton
              text="Delete"
              of={name}
              question={`Delete ${name}?`}
              disabled={busy}
              onConfirm={() => onDelete(window)}
            />
          </div>
        </td>
      )}
    </tr>
  );
}

function NextWindow({ window: { active, next } }: { window: MaintenanceView }) {
  if (next === null) return <>Never: its cron has no time to come</>;
  if (active)
    return (
      <>
        <span data-level="good">Active</span> until <Time seconds={next.ends_at} />
      </>
    );
  return (
    <>
      <Time seconds={next.starts_at} /> to <Time seconds={next.ends_at} />
    </>
  );
}
