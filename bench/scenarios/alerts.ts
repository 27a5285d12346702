import { measureAlerts, type AlertLoad } from '../alerts/measureAlerts.ts';
import { NINETEEN_RULES } from '../alerts/rules.ts';
import type { Scenario } from '../scenario.ts';

const AGENTS = 10_000;

/** What a fleet of that size hands in at a snapshot every two seconds. */
const PER_SECOND = 5_000;

const HOT_ONE_IN = 20;

const subject = (name: string, load: Partial<AlertLoad>) => ({
  name,
  measure: (bench: Parameters<typeof measureAlerts>[0]) =>
    measureAlerts(bench, {
      agents: AGENTS,
      rules: NINETEEN_RULES,
      hotOneIn: HOT_ONE_IN,
      perSecond: 0,
      ...load,
    }),
});

/** The alerts role alone, on one worker process. Latency is from the queue to the live channel, of what fires. */
export const alerts: Scenario = {
  name: 'alerts',
  title: `Judged by one worker process, ${AGENTS.toLocaleString('en-US')} hosts, one in ${HOT_ONE_IN} hot by turns`,
  unit: 'snapshots/s',
  thing: 'snapshot',
  controls: ["the contract's rule alone"],
  subjects: () => [
    subject('20 rules', {}),
    subject(`20 rules, at ${PER_SECOND}/s`, { perSecond: PER_SECOND }),
    subject('20 rules, all hot', { hotOneIn: 1 }),
    subject("the contract's rule alone", { rules: [] }),
  ],
};
