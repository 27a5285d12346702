import { z } from 'zod';
import {
  newRuleSchema,
  ruleBodySchema,
  ruleIdSchema,
  ruleSchema,
  type AlertRule,
  type AlertRuleBody,
} from '../../core/contracts/alerting/rule.ts';
import { ruleListSchema, type RuleList } from '../../core/contracts/alerting/views.ts';
import { NotFoundError } from '../../core/errors.ts';
import type { SettingRow } from '../../core/stores/postgres/settingRows.ts';
import type { Alerting } from './alerting.ts';
import { listRules } from './entries.ts';
import type { RouteContext } from '../http/context.ts';
import { readJson } from '../http/jsonBody.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { validate } from '../http/validation.ts';
import { actorOf, auditLine } from '../http/auditTrail.ts';
import { expectedVersion, ifMatchSchema, MAX_BODY_BYTES, refuseOwned, setVersion } from './changes.ts';
import type { Route } from '../http/route.ts';

const PATH = '/api/alert-rules';

const paramsSchema = z.object({ id: ruleIdSchema });

export const RULE_BODY_EXAMPLE: AlertRuleBody = {
  name: 'CPU is hot',
  enabled: true,
  severity: 'warning',
  condition: { kind: 'cpu', at_or_above: 80 },
  for_seconds: 60,
  resolve_below: 60,
  keep_firing_for_seconds: 0,
  match: { agents: ['web-*'], labels: { env: 'prod' } },
  exempt: false,
  summary: '{{agent}}: CPU at {{value}} for {{duration}}, mostly {{culprit}}',
};

const EXAMPLE: AlertRule = { ...RULE_BODY_EXAMPLE, id: 'cpu-hot', version: 1, source: 'api' };

const ANSWERS = {
  403: { description: 'Only the operator may' },
  503: { description: 'POSTGRES_DSN is not set, or a store is out of reach' },
};
const CHANGE_ANSWERS = {
  404: { description: 'There is no such rule' },
  409: { description: 'It comes from ALERT_RULES_FILE, or from the environment' },
  412: { description: 'Somebody changed it meanwhile: read it again' },
  ...ANSWERS,
};

/** `GET /api/alert-rules` and `/:id`: what alerts are judged by. */
export function alertRulesRoutes(alerting: Alerting): Route[] {
  return [
    {
      method: 'get',
      path: PATH,
      summary: 'All rules: of the environment, of the file, and made by request',
      tag: 'alerts',
      access: 'reader',
      answers: {
        200: {
          description: 'In that order',
          schema: ruleListSchema,
          example: { rules: [EXAMPLE] } satisfies RuleList,
        },
        503: { description: 'A store is out of reach' },
      },
      async handle(ctx) {
        ctx.body = { rules: await listRules(alerting) } satisfies RuleList;
      },
    },
    {
      method: 'get',
      path: `${PATH}/:id`,
      summary: 'One rule',
      tag: 'alerts',
      access: 'reader',
      params: paramsSchema,
      answers: {
        200: {
          description: 'The rule; its version is the ETag, too',
          schema: ruleSchema,
          example: EXAMPLE,
        },
        404: { description: 'There is no such rule' },
        503: { description: 'A store is out of reach' },
      },
      async handle(ctx) {
        const { id } = validate(paramsSchema, ctx.params, 'path');
        const rule = (await listRules(alerting)).find((one) => one.id === id);
        if (rule === undefined) throw new NotFoundError(`There is no alert rule ${id}`);
        setVersion(ctx, rule.version);
        ctx.body = rule;
      },
    },
  ];
}

/** `POST`, `PUT` and `DELETE /api/alert-rules`: what the operator makes of them. Workers go by it a second later. */
export function changeAlertRuleRoutes({ settings, kept }: Alerting): Route[] {
  async function refuseGiven(id: string): Promise<void> {
    const { rules } = await settings.read();
    refuseOwned('alert rule', id, rules.find((rule) => rule.id === id)?.source);
  }

  async function answer(ctx: RouteContext, row: SettingRow<AlertRuleBody>, done: string): Promise<void> {
    const { id, version, body } = row;
    await settings.publish();
    ctx.state.log.info({ ...auditLine(ctx), rule: id, changes: body }, done);
    setVersion(ctx, version);
    ctx.body = { ...body, id, version, source: 'api' } satisfies AlertRule;
  }

  return [
    {
      method: 'post',
      path: PATH,
      summary: 'Make a rule',
      tag: 'alerts',
      access: 'operator',
      body: newRuleSchema,
      bodyExample: { id: 'cpu-hot', ...RULE_BODY_EXAMPLE },
      answers: {
        201: { description: 'The rule', schema: ruleSchema, example: EXAMPLE },
        409: { description: 'There is one of this id already' },
        ...ANSWERS,
      },
      async handle(ctx) {
        const { rows } = requireHistory(kept);
        const { id, ...body } = validate(newRuleSchema, await readJson(ctx.req, MAX_BODY_BYTES), 'body');
        await refuseGiven(id);
        const change = { actor: actorOf(ctx), audited: body };
        await answer(ctx, await rows.rules.create(id, body, change), 'alert rule created');
        ctx.status = 201;
      },
    },
    {
      method: 'put',
      path: `${PATH}/:id`,
      summary: 'Change a rule',
      description:
        'What fires by it goes on under the same id, judged by the new version; what is pending begins anew. Where it is ' +
        'disabled, or about something else now, what fires is resolved.',
      tag: 'alerts',
      access: 'operator',
      params: paramsSchema,
      headers: ifMatchSchema,
      body: ruleBodySchema,
      bodyExample: RULE_BODY_EXAMPLE,
      answers: {
        200: { description: 'The rule as it is now', schema: ruleSchema, example: EXAMPLE },
        ...CHANGE_ANSWERS,
      },
      async handle(ctx) {
        const { rows } = requireHistory(kept);
        const { id } = validate(paramsSchema, ctx.params, 'path');
        const expected = expectedVersion(ctx);
        const body = validate(ruleBodySchema, await readJson(ctx.req, MAX_BODY_BYTES), 'body');
        await refuseGiven(id);
        const change = { actor: actorOf(ctx), audited: body };
        await answer(ctx, await rows.rules.replace(id, () => body, expected, change), 'alert rule changed');
      },
    },
    {
      method: 'delete',
      path: `${PATH}/:id`,
      summary: 'Delete a rule',
      description: 'What fires by it is resolved, and says why.',
      tag: 'alerts',
      access: 'operator',
      params: paramsSchema,
      headers: ifMatchSchema,
      answers: { 204: { description: 'It is gone' }, ...CHANGE_ANSWERS },
      async handle(ctx) {
        const { rows } = requireHistory(kept);
        const { id } = validate(paramsSchema, ctx.params, 'path');
        const expected = expectedVersion(ctx);
        await refuseGiven(id);
        await rows.rules.remove(id, expected, actorOf(ctx));
        await settings.publish();
        ctx.state.log.info({ ...auditLine(ctx), rule: id }, 'alert rule deleted');
        ctx.status = 204;
      },
    },
  ];
}
