import type { Group } from '../flow.ts';
import { firstRun } from './firstRun.ts';
import { session } from './session.ts';
import { setUp } from './setUp.ts';
import { thousandHosts } from './thousandHosts.ts';
import { withoutHistory } from './withoutHistory.ts';
import { watched } from './watched.ts';

/** The one list of what is tried. */
export const GROUPS: Group[] = [firstRun, watched, setUp, session, withoutHistory, thousandHosts];
