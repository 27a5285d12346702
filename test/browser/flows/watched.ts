import type { Group } from '../flow.ts';
import { placesOf, type Place } from '../pages.ts';
import { alertFlows, alertOf } from './alerts.ts';
import { connectionFlows } from './connection.ts';
import { everyPageFlows } from './everyPage.ts';
import { firstLoadFlows } from './firstLoad.ts';
import { fleetFlows } from './fleet.ts';
import { hostFlows } from './host.ts';
import { operationsFlows } from './operations.ts';
import { BURSTY, HOT, makeWorld } from './world.ts';

/** In the middle of a burst: something ran then. */
const INTO_BURST_SECONDS = 12;

/** What somebody does who looks after a few hosts. */
function watchedGroup(): Group {
  let at = 0;
  let alert = '';
  const places = (): Place[] => placesOf({ host: BURSTY, at, alert });
  return {
    name: 'a few hosts',
    async prepare(service, crowded) {
      const world = await makeWorld(service, crowded);
      at = world.burstAt + INTO_BURST_SECONDS;
      alert = await alertOf(service.url, HOT);
      return world.close;
    },
    places,
    flows: [
      ...fleetFlows,
      ...hostFlows,
      ...alertFlows,
      ...operationsFlows,
      ...firstLoadFlows,
      ...everyPageFlows(places),
      // Last, because they stop the server.
      ...connectionFlows,
    ],
  };
}

export const watched = watchedGroup();
