import { NotFoundError } from '../../core/errors.ts';
import { ruleEndpoints } from '../../core/contracts/endpoints/rules.ts';
import type { AlertRule, AlertRuleBody } from '../../core/contracts/alerting/rule.ts';
import type { SettingRow } from '../../core/stores/postgres/settingRows.ts';
import type { RouteContext } from '../http/context.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { actorOf, auditLine } from '../http/auditTrail.ts';
import { route, type Route } from '../http/route.ts';
import type { Alerting } from './alerting.ts';
import { listRules } from './entries.ts';
import { expectedVersion, refuseOwned, setVersion } from './changes.ts';

/** `GET /api/alert-rules` and `/:id`: what alerts are judged by. */
export function alertRulesRoutes(alerting: Alerting): Route[] {
  return [
    route(ruleEndpoints.list, {
      access: 'reader',
      async handle() {
        return { rules: await listRules(alerting) };
      },
    }),
    route(ruleEndpoints.get, {
      access: 'reader',
      async handle(request, ctx) {
        const { id } = request.params();
        const rule = (await listRules(alerting)).find((one) => one.id === id);
        if (rule === undefined) throw new NotFoundError(`There is no alert rule ${id}`);
        setVersion(ctx, rule.version);
        return rule;
      },
    }),
  ];
}

/** `POST`, `PUT` and `DELETE /api/alert-rules`: what the operator makes of them. Workers go by it a second later. */
export function changeAlertRuleRoutes({ settings, kept }: Alerting): Route[] {
  async function refuseGiven(id: string): Promise<void> {
    const { rules } = await settings.read();
    refuseOwned('alert rule', id, rules.find((rule) => rule.id === id)?.source);
  }

  async function answer(ctx: RouteContext, row: SettingRow<AlertRuleBody>, done: string): Promise<AlertRule> {
    const { id, version, body } = row;
    await settings.publish();
    ctx.state.log.info({ ...auditLine(ctx), rule: id, changes: body }, done);
    setVersion(ctx, version);
    return { ...body, id, version, source: 'api' };
  }

  return [
    route(ruleEndpoints.create, {
      access: 'operator',
      async handle(request, ctx) {
        const { rows } = requireHistory(kept);
        const { id, ...body } = await request.body();
        await refuseGiven(id);
        const change = { actor: actorOf(ctx), audited: body };
        return answer(ctx, await rows.rules.create(id, body, change), 'alert rule created');
      },
    }),
    route(ruleEndpoints.replace, {
      access: 'operator',
      async handle(request, ctx) {
        const { rows } = requireHistory(kept);
        const { id } = request.params();
        const expected = expectedVersion(ctx);
        const body = await request.body();
        await refuseGiven(id);
        const change = { actor: actorOf(ctx), audited: body };
        return answer(ctx, await rows.rules.replace(id, () => body, expected, change), 'alert rule changed');
      },
    }),
    route(ruleEndpoints.remove, {
      access: 'operator',
      async handle(request, ctx) {
        const { rows } = requireHistory(kept);
        const { id } = request.params();
        const expected = expectedVersion(ctx);
        await refuseGiven(id);
        await rows.rules.remove(id, expected, actorOf(ctx));
        await settings.publish();
        ctx.state.log.info({ ...auditLine(ctx), rule: id }, 'alert rule deleted');
      },
    }),
  ];
}
