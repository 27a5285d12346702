import type { Group } from '../flow.ts';
import { session } from './session.ts';
import { thousandHosts } from './thousandHosts.ts';
import { watched } from './watched.ts';

/** The one list of what is tried. */
export const GROUPS: Group[] = [watched, session, thousandHosts];
