import type { Scenario } from '../scenario.ts';
import { alerts } from './alerts.ts';
import { batch } from './batch.ts';
import { beside } from './beside.ts';
import { growth } from './growth.ts';
import { history } from './history.ts';
import { ingest } from './ingest.ts';
import { live } from './live.ts';
import { memory } from './memory.ts';
import { nodes } from './nodes.ts';
import { pipeline } from './pipeline.ts';
import { prune } from './prune.ts';
import { reads } from './reads.ts';
import { notifications } from './notifications.ts';

/** The one list of scenarios, in the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [
  ingest,
  pipeline,
  batch,
  alerts,
  notifications,
  live,
  reads,
  history,
  beside,
  prune,
  growth,
  nodes,
  memory,
];
