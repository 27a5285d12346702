import { AlertSection } from '../../alerts/section/alertSection.tsx';
import { usePageTitle } from '../../shell/pageTitle.ts';

export function ChannelsPage() {
  usePageTitle('Channels');
  return <AlertSection title="Channels">{null}</AlertSection>;
}
