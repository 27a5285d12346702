import type { Group } from '../flow.ts';
import { ALERTING_PLACES, makeAlertingWorld, type AlertingWorld } from './alertingWorld.ts';
import { channelFlows } from './channels.ts';
import { editHostFlow } from './editHost.ts';
import { everyPageFlows } from './everyPage.ts';
import { ruleFlows } from './rules.ts';
import { silenceFlows } from './silences.ts';

/** What operators do who decide what is told to whom, and what hosts are called. */
function setUpGroup(): Group {
  let world: AlertingWorld | undefined;
  const receiver = () => {
    if (world === undefined) throw new Error('The group is not prepared');
    return world.receiver;
  };
  return {
    name: 'setting up alerts',
    // What channels send stays on this machine.
    env: { ALERT_ALLOWED_HOSTS: '127.0.0.1' },
    async prepare(service) {
      world = await makeAlertingWorld(service);
      return world.close;
    },
    places: () => ALERTING_PLACES,
    flows: [
      ...everyPageFlows(() => ALERTING_PLACES),
      ...ruleFlows,
      ...silenceFlows,
      ...channelFlows(receiver),
      editHostFlow,
    ],
  };
}

export const setUp = setUpGroup();
