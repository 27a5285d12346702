import { AlertSection } from '../section/alertSection.tsx';
import { usePageTitle } from '../../shell/pageTitle.ts';

export function AlertHistoryPage() {
  usePageTitle('History of alerts');
  return <AlertSection title="History of alerts">{null}</AlertSection>;
}
