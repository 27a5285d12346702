import type { RouteContext } from '../context.ts';

/** Who changed something, for the line in the log that says what. */
export function auditLine({ state }: RouteContext): { audit: true; role: string; address: string } {
  return { audit: true, role: state.role, address: state.address };
}
