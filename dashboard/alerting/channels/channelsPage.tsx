import { useCallback, useState } from 'preact/hooks';
import type { ChannelView, RouteView } from '../../../core/contracts/alerting/views.ts';
import { AlertSection } from '../../alerts/section/alertSection.tsx';
import { useServices } from '../../services.tsx';
import { usePageTitle } from '../../shell/pageTitle.ts';
import '../../form/form.css';
import { StatusLine } from '../../form/statusLine.tsx';
import { SectionHeader } from '../../form/sectionHeader.tsx';
import { useActions } from '../../form/useActions.ts';
import { usePolledList } from '../../form/usePolledList.ts';
import { useOperator } from '../../form/useOperator.ts';
import { AuditTrail } from './auditTrail.tsx';
import { ChannelEditor } from './channelEditor.tsx';
import { ChannelTable } from './channelTable.tsx';
import { outcomeText } from './channelText.ts';
import { DeliveryLog } from './deliveryLog.tsx';
import { RouteEditor } from './routeEditor.tsx';
import { RouteTable } from './routeTable.tsx';

/** Where messages go, which ones, and what became of them; and the form of the one that the URL names. */
export function ChannelsPage() {
  usePageTitle('Channels');
  const { client, view } = useServices();
  const canChange = useOperator();
  // Whoever may not change them is not told of them: there is nothing to ask for.
  const askChannels = useCallback(
    async (signal: AbortSignal) =>
      canChange ? client.get('/api/alert-channels', { signal }) : { channels: [] },
    [client, canChange],
  );
  const askRoutes = useCallback(
    (signal: AbortSignal) => client.get('/api/alert-routes', { signal }),
    [client],
  );
  const channels = usePolledList(askChannels);
  const routes = usePolledList(askRoutes);
  const [round, setRound] = useState(0);
  const refresh = () => {
    channels.refresh();
    routes.refresh();
    setRound((count) => count + 1);
  };
  const { status, announce, busy, run } = useActions(refresh);
  const known = channels.value?.channels ?? [];

  const toldOf = (routes.value?.routes ?? []).flatMap((route) => route.channels);
  const named = [...new Set([...known.map(({ id }) => id), ...toldOf])].sort();

  const close = () => view.setQuery({ new: undefined, edit: undefined, route: undefined }, { push: true });
  const cancel = () => {
    announce('');
    close();
  };
  const saved = (text: string) => {
    announce(text);
    refresh();
    close();
  };
  const test = ({ id }: ChannelView) =>
    run(async () => {
      const delivery = await client.post('/api/alert-channels/:id/test', { params: { id } });
      const outcome = `Test of ${id}: ${outcomeText(delivery)}`;
      if (delivery.state !== 'delivered') throw new Error(outcome);
      return outcome;
    });
  const removeChannel = ({ id, version }: ChannelView) =>
    run(async () => {
      await client.delete('/api/alert-channels/:id', { params: { id }, ifVersion: version });
      return `The channel ${id} is deleted.`;
    });
  const removeRoute = ({ id, version }: RouteView) =>
    run(async () => {
      await client.delete('/api/alert-routes/:id', { params: { id }, ifVersion: version });
      return `The route ${id} is deleted.`;
    });

  const query = view.query.value;
  const channel = known.find(({ id, source }) => source === 'api' && id === query.get('edit'));
  const route = routes.value?.routes.find(({ id, source }) => source === 'api' && id === query.get('route'));
  if (canChange && (query.get('new') === 'channel' || channel !== undefined))
    return (
      <AlertSection title="Channels">
        <ChannelEditor
          key={channel?.id}
          channel={channel}
          onSaved={(id) => saved(`The channel ${id} is saved.`)}
          onCancel={cancel}
        />
      </AlertSection>
    );
  if (canChange && (query.get('new') === 'route' || route !== undefined))
    return (
      <AlertSection title="Channels">
        <RouteEditor
          key={route?.id}
          route={route}
          channels={known}
          onSaved={(id) => saved(`The route ${id} is saved.`)}
          onCancel={cancel}
        />
      </AlertSection>
    );
  const open = (what: 'channel' | 'route') => view.setQuery({ new: what }, { push: true });
  return (
    <AlertSection title="Channels">
      <StatusLine status={status} />
      <section aria-labelledby="channels">
        <SectionHeader
          id="channels"
          title="Where messages go"
          add={canChange ? { text: 'New channel', onAdd: () => open('channel') } : undefined}
        />
        {channels.error !== undefined && (
          <p class="notice">The channels could not be read: {channels.error}</p>
        )}
        {!canChange && <p class="listed-none">Where they go only operators see.</p>}
        {canChange && channels.value !== undefined && known.length === 0 && (
          <p class="listed-none">There is no channel: nobody is notified of an alert.</p>
        )}
        {known.length > 0 && (
          <ChannelTable
            channels={known}
            busy={busy}
            onTest={test}
            onEdit={({ id }) => view.setQuery({ edit: id }, { push: true })}
            onDelete={removeChannel}
          />
        )}
      </section>
      <section aria-labelledby="routes">
        <SectionHeader
          id="routes"
          title="Which alerts go where"
          add={canChange ? { text: 'New route', onAdd: () => open('route') } : undefined}
        />
        {routes.error !== undefined && <p class="notice">The routes could not be read: {routes.error}</p>}
        {routes.value?.routes.length === 0 && (
          <p class="listed-none">There is no route: channels get tests only.</p>
        )}
        {routes.value !== undefined && routes.value.routes.length > 0 && (
          <RouteTable
            routes={routes.value.routes}
            canChange={canChange}
            busy={busy}
            onEdit={({ id }) => view.setQuery({ route: id }, { push: true })}
            onDelete={removeRoute}
          />
        )}
      </section>
      <DeliveryLog channels={named} round={round} />
      {canChange && <AuditTrail round={round} />}
    </AlertSection>
  );
}
