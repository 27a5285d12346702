import { queryOf } from '../host/hostView.ts';
import { hostPath } from '../state/routes.ts';
import { urlOf, withQuery } from '../state/view.ts';

/** The page of a host as it was at a moment: what ran then. */
export function momentPath(agent: string, seconds: number): string {
  return urlOf(hostPath(agent), withQuery(new URLSearchParams(), queryOf({ at: seconds })));
}
