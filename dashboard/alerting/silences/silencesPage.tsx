import { AlertSection } from '../../alerts/section/alertSection.tsx';
import { usePageTitle } from '../../shell/pageTitle.ts';

export function SilencesPage() {
  usePageTitle('Silences');
  return <AlertSection title="Silences">{null}</AlertSection>;
}
