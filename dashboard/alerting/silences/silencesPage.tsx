import { useCallback } from 'preact/hooks';
import type { MaintenanceView, SilenceView } from '../../../core/contracts/alerting/views.ts';
import { AlertSection } from '../../alerts/section/alertSection.tsx';
import { useServices } from '../../services.tsx';
import { usePageTitle } from '../../shell/pageTitle.ts';
import { CheckField } from '../../form/fields.tsx';
import '../../form/form.css';
import { StatusLine } from '../../form/statusLine.tsx';
import { SectionHeader } from '../../form/sectionHeader.tsx';
import { useActions } from '../../form/useActions.ts';
import { usePolledList } from '../../form/usePolledList.ts';
import { useOperator } from '../../form/useOperator.ts';
import { MaintenanceEditor } from './maintenanceEditor.tsx';
import { MaintenanceTable } from './maintenanceTable.tsx';
import { SilenceEditor } from './silenceEditor.tsx';
import { SilenceTable } from './silenceTable.tsx';

/** Of what nothing is told: once, or again and again; and the form of the one that the URL names. */
export function SilencesPage() {
  usePageTitle('Silences');
  const { client, view } = useServices();
  const canChange = useOperator();
  const query = view.query.value;
  const over = query.get('over') === 'true' ? 'true' : 'false';
  const askSilences = useCallback(
    (signal: AbortSignal) => client.get('/api/silences', { query: { over }, signal }),
    [client, over],
  );
  const askMaintenance = useCallback(
    (signal: AbortSignal) => client.get('/api/maintenance', { signal }),
    [client],
  );
  const silences = usePolledList(askSilences);
  const maintenance = usePolledList(askMaintenance);
  const { status, announce, busy, run } = useActions(() => {
    silences.refresh();
    maintenance.refresh();
  });

  const open = (what: 'silence' | 'maintenance') => view.setQuery({ new: what }, { push: true });
  const close = () => view.setQuery({ new: undefined, maintenance: undefined }, { push: true });
  const cancel = () => {
    announce('');
    close();
  };
  const saved = (text: string) => {
    announce(text);
    silences.refresh();
    maintenance.refresh();
    close();
  };
  const end = ({ id }: SilenceView) =>
    run(async () => {
      await client.delete('/api/silences/:id', { params: { id } });
      return 'The silence is over.';
    });
  const remove = ({ id, name, version }: MaintenanceView) =>
    run(async () => {
      await client.delete('/api/maintenance/:id', { params: { id }, ifVersion: version });
      return `The maintenance window ${name} is deleted.`;
    });

  const edited = maintenance.value?.maintenance.find(({ id }) => id === query.get('maintenance'));
  if (canChange && query.get('new') === 'silence')
    return (
      <AlertSection title="Silences">
        <SilenceEditor onSaved={() => saved('It is silent.')} onCancel={cancel} />
      </AlertSection>
    );
  if (canChange && (query.get('new') === 'maintenance' || edited !== undefined))
    return (
      <AlertSection title="Silences">
        <MaintenanceEditor
          key={edited?.id}
          maintenance={edited}
          onSaved={(name) => saved(`The maintenance window ${name} is saved.`)}
          onCancel={cancel}
        />
      </AlertSection>
    );
  return (
    <AlertSection title="Silences">
      <p class="listed-none">What is silenced fires, and is shown, as ever: only no message is sent of it.</p>
      <StatusLine status={status} />
      <section aria-labelledby="silences">
        <SectionHeader
          id="silences"
          title="Once"
          add={canChange ? { text: 'New silence', onAdd: () => open('silence') } : undefined}
        />
        <CheckField
          label="Also those that are over"
          value={over === 'true'}
          onValue={(shown) => view.setQuery({ over: shown ? 'true' : undefined })}
          error={undefined}
        />
        {silences.error !== undefined && (
          <p class="notice">The silences could not be read: {silences.error}</p>
        )}
        {silences.value?.silences.length === 0 && <p class="listed-none">There is none.</p>}
        {silences.value !== undefined && silences.value.silences.length > 0 && (
          <SilenceTable silences={silences.value.silences} canChange={canChange} busy={busy} onEnd={end} />
        )}
      </section>
      <section aria-labelledby="maintenance">
        <SectionHeader
          id="maintenance"
          title="Maintenance, again and again"
          add={canChange ? { text: 'New window', onAdd: () => open('maintenance') } : undefined}
        />
        {maintenance.error !== undefined && (
          <p class="notice">The windows could not be read: {maintenance.error}</p>
        )}
        {maintenance.value?.maintenance.length === 0 && <p class="listed-none">There is none.</p>}
        {maintenance.value !== undefined && maintenance.value.maintenance.length > 0 && (
          <MaintenanceTable
            windows={maintenance.value.maintenance}
            canChange={canChange}
            busy={busy}
            onEdit={({ id }) => view.setQuery({ maintenance: id }, { push: true })}
            onDelete={remove}
          />
        )}
      </section>
    </AlertSection>
  );
}
