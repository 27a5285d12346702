import type { Alert } from '../../core/contracts/alerting/alert.ts';
import type { AlertEntry } from '../../core/contracts/alerting/record.ts';
import { acknowledgeBodySchema, alertViewSchema } from '../../core/contracts/alerting/views.ts';
import { ConflictError, messageOf, NotFoundError } from '../../core/errors.ts';
import { nowSeconds } from '../../core/time.ts';
import type { Alerting } from './alerting.ts';
import type { RouteContext } from '../http/context.ts';
import { readJson } from '../http/jsonBody.ts';
import { orRedisUnavailable } from '../http/redisUnavailable.ts';
import { validate } from '../http/validation.ts';
import { ALERT_EXAMPLE, ALERT_PATH, alertParamsSchema, refuseUnknownAlert } from './alert.ts';
import { actorOf, auditLine } from '../http/auditTrail.ts';
import { MAX_BODY_BYTES } from './changes.ts';
import type { Route } from '../http/route.ts';

const PATH = `${ALERT_PATH}/acknowledge`;

const EXAMPLE = { by: 'Ada', note: 'Batch job, ends by itself' };

/** `POST` and `DELETE /api/alerts/:id/acknowledge`: somebody has seen it, or has not after all. */
export function acknowledgeRoutes({
  book,
  acknowledgements,
  kept,
}: Pick<Alerting, 'book' | 'acknowledgements' | 'kept'>): Route[] {
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
    const { alert, isOpen } = (await book.find(id)) ?? refuseUnknownAlert(id);
    if (!isOpen) throw new ConflictError(`The alert ${id} is over`);
    return alert;
  }

  async function viewOf(alert: Alert) {
    const [view] = await book.views([alert], nowSeconds());
    return view;
  }

  return [
    {
      method: 'post',
      path: PATH,
      summary: 'Say that somebody has seen an alert',
      description: 'It is not told of again while it fires, and does not escalate. That it is over is told.',
      tag: 'alerts',
      access: 'operator',
      params: alertParamsSchema,
      body: acknowledgeBodySchema,
      bodyExample: EXAMPLE,
      answers: {
        200: { description: 'The alert as it is now', schema: alertViewSchema, example: ALERT_EXAMPLE },
        403: { description: 'Only the operator may' },
        404: { description: 'There is no such alert' },
        409: { description: 'It does not fire' },
        503: { description: 'A store is out of reach' },
      },
      async handle(ctx) {
        const { id } = validate(alertParamsSchema, ctx.params, 'path');
        const { by, note } = validate(acknowledgeBodySchema, await readJson(ctx.req, MAX_BODY_BYTES), 'body');
        const alert = await findOpen(id);
        if (alert.state === 'pending') throw new ConflictError(`The alert ${id} does not fire yet`);
        const known = (await orRedisUnavailable(() => acknowledgements.of([id]))).get(id);
        // Whoever got no answer asks again: of what was done there is one entry.
        const isRepeated = known?.by === by && known.note === note;
        const at_ms = isRepeated ? known.at_ms : Date.now();
        if (!isRepeated) await orRedisUnavailable(() => acknowledgements.put(id, { at_ms, by, note }));
        await writeDown(ctx, alert, { at_ms, kind: 'acknowledged', by, detail: { note } }, isRepeated);
        ctx.body = await viewOf(alert);
      },
    },
    {
      method: 'delete',
      path: PATH,
      summary: 'Take that back',
      tag: 'alerts',
      access: 'operator',
      params: alertParamsSchema,
      answers: {
        200: { description: 'The alert as it is now', schema: alertViewSchema, example: ALERT_EXAMPLE },
        403: { description: 'Only the operator may' },
        404: { description: 'There is no such alert, or nobody has acknowledged it' },
        409: { description: 'It is over' },
        503: { description: 'A store is out of reach' },
      },
      async handle(ctx) {
        const { id } = validate(alertParamsSchema, ctx.params, 'path');
        const alert = await findOpen(id);
        if (!(await orRedisUnavailable(() => acknowledgements.remove(id))))
          throw new NotFoundError(`Nobody has acknowledged the alert ${id}`);
        await writeDown(ctx, alert, { at_ms: Date.now(), kind: 'unacknowledged', by: null, detail: {} });
        ctx.body = await viewOf(alert);
      },
    },
  ];
}
