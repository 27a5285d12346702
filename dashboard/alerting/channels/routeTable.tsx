import type { RouteView } from '../../../core/contracts/alerting/views.ts';
import { ConfirmButton } from '../../form/confirmButton.tsx';
import { matcherText } from '../form/matcherForm.ts';
import { IN_FILE, groupingText } from './channelText.ts';

interface RouteTableProps {
  routes: readonly RouteView[];
  canChange: boolean;
  busy: boolean;
  onEdit(route: RouteView): void;
  onDelete(route: RouteView): void;
}

export function RouteTable(props: RouteTableProps) {
  return (
    <table class="listed">
      <thead>
        <tr>
          <th scope="col">Route</th>
          <th scope="col">Of</th>
          <th scope="col">To</th>
          <th scope="col">How</th>
          <th scope="col">Changed</th>
        </tr>
      </thead>
      <tbody>
        {props.routes.map((route) => (
          <RouteRow key={route.id} route={route} {...props} />
        ))}
      </tbody>
    </table>
  );
}

function RouteRow({ route, canChange, busy, onEdit, onDelete }: RouteTableProps & { route: RouteView }) {
  const { id, match, channels, source } = route;
  return (
    <tr>
      <th scope="row">{id}</th>
      <td>{matcherText(match)}</td>
      <td>{channels.join(', ')}</td>
      <td>{groupingText(route)}</td>
      <td>
        {source === 'file' && <span class="listed-note">{IN_FILE}</span>}
        {source === 'api' && !canChange && 'Here, by operators'}
        {source === 'api' && canChange && (
          <div class="row-buttons">
            <button type="button" class="button small" onClick={() => onEdit(route)}>
              Edit<span class="unseen"> {id}</span>
            </button>
            <ConfirmButton
              text="Delete"
              of={id}
              question={`Delete ${id}? Its alerts are told to nobody.`}
              disabled={busy}
              onConfirm={() => onDelete(route)}
            />
          </div>
        )}
      </td>
    </tr>
  );
}
