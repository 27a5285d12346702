import type { ChannelView } from '../../../core/contracts/alerting/views.ts';
import { useServices } from '../../services.tsx';
import { ConfirmButton } from '../../form/confirmButton.tsx';
import { KINDS } from './channelFields.ts';
import { healthText, IN_FILE, targetText } from './channelText.ts';

interface ChannelTableProps {
  channels: readonly ChannelView[];
  busy: boolean;
  onTest(channel: ChannelView): void;
  onEdit(channel: ChannelView): void;
  onDelete(channel: ChannelView): void;
}

export function ChannelTable(props: ChannelTableProps) {
  return (
    <table class="listed">
      <thead>
        <tr>
          <th scope="col">Channel</th>
          <th scope="col">Kind</th>
          <th scope="col">Leads to</th>
          <th scope="col">Last message</th>
          <th scope="col">Changed</th>
        </tr>
      </thead>
      <tbody>
        {props.channels.map((channel) => (
          <ChannelRow key={channel.id} channel={channel} {...props} />
        ))}
      </tbody>
    </table>
  );
}

function ChannelRow(props: ChannelTableProps & { channel: ChannelView }) {
  const { channel, busy, onTest, onEdit, onDelete } = props;
  const { id, name, kind, source, secrets } = channel;
  const nowMs = useServices().clock.now.value * 1000;
  return (
    <tr>
      <th scope="row">
        {name}
        <span class="listed-note">{id}</span>
      </th>
      <td>{KINDS.find(([known]) => known === kind)?.[1] ?? kind}</td>
      <td>
        {targetText(channel)}
        {secrets.length > 0 && <span class="listed-note">Set, and not shown: {secrets.join(', ')}</span>}
      </td>
      <td>{healthText(channel.health, nowMs)}</td>
      <td>
        {source === 'file' && <span class="listed-note">{IN_FILE}</span>}
        <div class="row-buttons">
          <button type="button" class="button small" disabled={busy} onClick={() => onTest(channel)}>
            Test<span class="unseen"> {id}</span>
          </button>
          {source === 'api' && (
            <>
              <button type="button" class="button small" onClick={() => onEdit(channel)}>
                Edit<span class="unseen"> {id}</span>
              </button>
              <ConfirmButton
                text="Delete"
                of={id}
                question={`Delete ${id}?`}
                disabled={busy}
                onConfirm={() => onDelete(channel)}
              />
            </>
          )}
        </div>
      </td>
    </tr>
  );
}
