import type { Scenario } from '../scenario.ts';
import { ingest } from './ingest.ts';
import { pipeline } from './pipeline.ts';

/** The one list of scenarios, in the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [ingest, pipeline];
