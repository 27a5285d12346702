import { alertEndpoints } from '../../core/contracts/endpoints/alerts.ts';
import type { Alert } from '../../core/contracts/alerting/alert.ts';
import type { AlertView } from '../../core/contracts/alerting/views.ts';
import type { AlertEntry } from '../../core/contracts/alerting/record.ts';
import { ConflictError, messageOf, NotFoundError } from '../../core/errors.ts';
import { nowSeconds } from '../../core/time.ts';
import type { RouteContext } from '../http/context.ts';
import { orRedisUnavailable } from '../http/redisUnavailable.ts';
import { actorOf, auditLine } from '../http/auditTrail.ts';
import { route, type Route } from '../http/route.ts';
import type { Alerting } from './alerting.ts';
import { refuseUnknownAlert } from './alerts.ts';

/** `POST` and `DELETE /api/alerts/:id/acknowledge`: somebody has seen it, or has not after all. */
export function acknowledgeRoutes({
  alerts,
  acknowledgements,
  kept,
}: Pick<Alerting, 'alerts' | 'acknowledgements' | 'kept'>): Route[] {
  /**
   * Writes down what somebody did, where there is a place for it. It counts by now, and whoever is called at night while
   * PostgreSQL is away is not to be refused: then the log has it alone.
   */
  async function writeDown(
    ctx: RouteContext,
    alert: Alert,
    entry: AlertEntry,
    isRepeated = false,
  ): Promise<void> {
    const { at_ms, kind, by } = entry;
    const line = { ...auditLine(ctx), alert: alert.id, by };
    ctx.state.log.info(line, `alert ${kind}`);
    if (kept === undefined) return;
    const action = `alert.${kind === 'acknowledged' ? kind : 'unacknowledged'}` as const;
    try {
      await kept.records.note({
        ...entry,
        alertId: alert.id,
        agentId: alert.agent_id,
        key: `${kind}:${at_ms}`,
      });
      if (isRepeated) return;
      await kept.audit.record({
        actor: actorOf(ctx, by ?? undefined),
        action,
        target: alert.id,
        detail: entry.detail,
      });
    } catch (error) {
      ctx.state.log.error(
        { ...line, reason: messageOf(error) },
        'could not be kept in the history of the alert',
      );
    }
  }

  /** @throws {NotFoundError} where there is no such alert; {ConflictError} where it is over */
  async function findOpen(id: string): Promise<Alert> {
    const { alert, isOpen } = (await alerts.find(id)) ?? refuseUnknownAlert(id);
    if (!isOpen) throw new ConflictError(`The alert ${id} is over`);
    return alert;
  }

  async function viewOf(alert: Alert): Promise<AlertView> {
    const [view] = await alerts.views([alert], nowSeconds());
    return view ?? refuseUnknownAlert(alert.id);
  }

  return [
    route(alertEndpoints.acknowledge, {
      access: 'operator',
      async handle(request, ctx) {
        const { id } = request.params();
        const { by, note } = await request.body();
        const alert = await findOpen(id);
        if (alert.state === 'pending') throw new ConflictError(`The alert ${id} does not fire yet`);
        const known = (await orRedisUnavailable(() => acknowledgements.of([id]))).get(id);
        // Whoever got no answer asks again: of what was done there is one entry.
        const isRepeated = known?.by === by && known.note === note;
        const at_ms = isRepeated ? known.at_ms : Date.now();
        if (!isRepeated) await orRedisUnavailable(() => acknowledgements.put(id, { at_ms, by, note }));
        await writeDown(ctx, alert, { at_ms, kind: 'acknowledged', by, detail: { note } }, isRepeated);
        return viewOf(alert);
      },
    }),
    route(alertEndpoints.unacknowledge, {
      access: 'operator',
      async handle(request, ctx) {
        const { id } = request.params();
        const alert = await findOpen(id);
        if (!(await orRedisUnavailable(() => acknowledgements.remove(id))))
          throw new NotFoundError(`Nobody has acknowledged the alert ${id}`);
        await writeDown(ctx, alert, { at_ms: Date.now(), kind: 'unacknowledged', by: null, detail: {} });
        return viewOf(alert);
      },
    }),
  ];
}
