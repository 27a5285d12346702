import type { Group } from '../flow.ts';
import { alertFlows } from './alerts.ts';
import { connectionFlows } from './connection.ts';
import { fleetFlows } from './fleet.ts';
import { hostFlows } from './host.ts';
import { operationsFlows } from './operations.ts';
import { makeWorld } from './world.ts';

/** What somebody does who looks after a few hosts. */
export const watched: Group = {
  name: 'a few hosts',
  prepare: async (service) => (await makeWorld(service)).close,
  flows: [...fleetFlows, ...hostFlows, ...alertFlows, ...operationsFlows, ...connectionFlows],
};
