import { useCallback } from 'preact/hooks';
import type { Delivery } from '../../../core/contracts/alerting/notification.ts';
import { useServices } from '../../services.tsx';
import { Time } from '../../shell/time.tsx';
import { alertPath } from '../../state/routes.ts';
import { ChoiceField } from '../../form/fields.tsx';
import { usePages } from '../../form/usePages.ts';
import { outcomeText } from './channelText.ts';

const STATES = ['waiting', 'delivered', 'failed', 'superseded'] as const;

const STATE_CHOICES = [
  ['', 'Any'],
  ['waiting', 'Waiting'],
  ['delivered', 'Delivered'],
  ['failed', 'Failed'],
  ['superseded', 'Superseded'],
] as const;

const LEVELS: Record<Delivery['state'], 'warn' | 'good' | 'bad' | undefined> = {
  waiting: 'warn',
  delivered: 'good',
  failed: 'bad',
  superseded: undefined,
};

const KIND_WORDS: Record<Delivery['kind'], string> = {
  firing: 'Fires',
  still_firing: 'Still fires',
  resolved: 'Over',
  escalation: 'Escalated',
  test: 'Test',
};

interface DeliveryLogProps {
  channels: readonly string[];
  /** Another number, and it is read anew: a message was sent. */
  round: number;
}

/** What became of each message, newest first. Which ones stands in the URL. */
export function DeliveryLog({ channels, round }: DeliveryLogProps) {
  const { client, view } = useServices();
  const query = view.query.value;
  const channel = query.get('channel') ?? '';
  const state = STATES.find((one) => one === query.get('state')) ?? '';
  const ask = useCallback(
    async (cursor: string | undefined, signal: AbortSignal) => {
      const page = await client.get('/api/deliveries', {
        query: {
          channel: channel === '' ? undefined : channel,
          state: state === '' ? undefined : state,
          limit: 50,
          cursor,
        },
        signal,
      });
      return { items: page.deliveries, next: page.next_cursor };
    },
    [client, channel, state, round],
  );
  const { items, error, more } = usePages(ask);
  return (
    <section aria-labelledby="deliveries">
      <h2 id="deliveries">Messages</h2>
      <div class="form-row log-filter">
        <ChoiceField
          label="Channel"
          choices={[['', 'Any'], ...channels.map((id) => [id, id] as const)]}
          value={channel}
          onValue={(id) => view.setQuery({ channel: id })}
          error={undefined}
        />
        <ChoiceField<'' | Delivery['state']>
          label="State"
          choices={STATE_CHOICES}
          value={state}
          onValue={(chosen) => view.setQuery({ state: chosen })}
          error={undefined}
        />
      </div>
      {error !== undefined && <p class="notice">The messages could not be read: {error}</p>}
      {items?.length === 0 && <p class="listed-none">There is no such message.</p>}
      {items !== undefined && items.length > 0 && <DeliveryTable deliveries={items} />}
      {more !== undefined && (
        <button type="button" class="button" onClick={more}>
          Earlier ones
        </button>
      )}
    </section>
  );
}

function DeliveryTable({ deliveries }: { deliveries: readonly Delivery[] }) {
  return (
    <table class="listed" aria-labelledby="deliveries">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Channel</th>
          <th scope="col">What</th>
          <th scope="col">What became of it</th>
        </tr>
      </thead>
      <tbody>
        {deliveries.map((delivery) => (
          <tr key={delivery.id}>
            <td>
              <Time seconds={Math.floor(delivery.created_at_ms / 1000)} />
            </td>
            <td>{delivery.channel_id}</td>
            <td>
              {KIND_WORDS[delivery.kind]}
              {delivery.kind !== 'test' &&
                delivery.alert_ids.slice(0, 3).map((id) => (
                  <a key={id} class="listed-note" href={alertPath(id)}>
                    {id}
                  </a>
                ))}
            </td>
            <td data-level={LEVELS[delivery.state]}>{outcomeText(delivery)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
