import { AlertSection } from '../section/alertSection.tsx';
import { usePageTitle } from '../../shell/pageTitle.ts';

export function AlertPage({ id }: { id: string }) {
  usePageTitle('Alert');
  return <AlertSection title="Alert">{id}</AlertSection>;
}
