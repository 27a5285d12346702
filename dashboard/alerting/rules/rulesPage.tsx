import { AlertSection } from '../../alerts/section/alertSection.tsx';
import { usePageTitle } from '../../shell/pageTitle.ts';

export function RulesPage() {
  usePageTitle('Rules');
  return <AlertSection title="Rules">{null}</AlertSection>;
}
