import type { Actor, AuditRecord, AuditStore } from '../../core/stores/postgres/audit.ts';
import { messageOf } from '../../core/errors.ts';
import type { RouteContext } from './context.ts';

/** Who changes something, for the audit. */
export function actorOf({ state }: RouteContext, by?: string): Actor {
  return { role: state.role, address: state.address, by };
}

/** Who changed something, for the line in the log that says what. */
export function auditLine({ state }: RouteContext): { audit: true; role: string; address: string } {
  return { audit: true, role: state.role, address: state.address };
}

/**
 * Writes down what was done elsewhere than in the tables of alerting. It is done by then, and a request that failed would
 * say that it is not: where it cannot be written down, the log has it.
 *
 * @param audit undefined where nothing is kept: the log has it all the same
 */
export async function recordDone(
  ctx: RouteContext,
  audit: Pick<AuditStore, 'record'> | undefined,
  done: Omit<AuditRecord, 'actor'>,
): Promise<void> {
  try {
    await audit?.record({ actor: actorOf(ctx), ...done });
  } catch (error) {
    ctx.state.log.error(
      { ...auditLine(ctx), ...done, reason: messageOf(error) },
      'could not be written into the audit trail',
    );
  }
}
