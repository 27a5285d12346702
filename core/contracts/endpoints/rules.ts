import { z } from 'zod';
import {
  newRuleSchema,
  ruleBodySchema,
  ruleIdSchema,
  ruleSchema,
  type AlertRule,
  type AlertRuleBody,
} from '../alerting/rule.ts';
import { dryRunBodySchema, dryRunSchema, ruleListSchema } from '../alerting/views.ts';
import { endpoint } from '../endpoint.ts';
import { NEEDS_POSTGRES, OPERATOR_ONLY, STORE_AWAY } from './answers.ts';
import { ALERT_EXAMPLE } from './alerts.ts';
import { ifMatchSchema } from './ifMatch.ts';

/** Most agents that one rule is tried on by one request. */
export const MAX_DRY_RUN_AGENTS = 20;

const paramsSchema = z.object({ id: ruleIdSchema });

const BODY_EXAMPLE: AlertRuleBody = {
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

const EXAMPLE: AlertRule = { ...BODY_EXAMPLE, id: 'cpu-hot', version: 1, source: 'api' };

const { acknowledged: _, silenced_by: __, ...ALERT } = ALERT_EXAMPLE;

const CHANGE_ANSWERS = {
  404: { description: 'There is no such rule' },
  409: { description: 'It comes from ALERT_RULES_FILE, or from the environment' },
  412: { description: 'Somebody changed it meanwhile: read it again' },
  ...OPERATOR_ONLY,
  ...NEEDS_POSTGRES,
};

/** What alerts are judged by. */
export const ruleEndpoints = {
  list: endpoint({
    method: 'get',
    path: '/api/alert-rules',
    summary: 'All rules: of the environment, of the file, and made by request',
    tag: 'alerts',
    answers: {
      200: {
        description: 'In that order',
        schema: ruleListSchema,
        example: { rules: [EXAMPLE] },
      },
      ...STORE_AWAY,
    },
  }),
  get: endpoint({
    method: 'get',
    path: '/api/alert-rules/:id',
    summary: 'One rule',
    tag: 'alerts',
    params: paramsSchema,
    answers: {
      200: {
        description: 'The rule; its version is the ETag, too',
        schema: ruleSchema,
        example: EXAMPLE,
      },
      404: { description: 'There is no such rule' },
      ...STORE_AWAY,
    },
  }),
  create: endpoint({
    method: 'post',
    path: '/api/alert-rules',
    summary: 'Make a rule',
    tag: 'alerts',
    body: newRuleSchema,
    bodyExample: { id: 'cpu-hot', ...BODY_EXAMPLE },
    answers: {
      201: { description: 'The rule', schema: ruleSchema, example: EXAMPLE },
      409: { description: 'There is one of this id already' },
      ...OPERATOR_ONLY,
      ...NEEDS_POSTGRES,
    },
  }),
  replace: endpoint({
    method: 'put',
    path: '/api/alert-rules/:id',
    summary: 'Change a rule',
    description:
      'What fires by it goes on under the same id, judged by the new version; what is pending begins anew. Where it is ' +
      'disabled, or about something else now, what fires is resolved.',
    tag: 'alerts',
    params: paramsSchema,
    headers: ifMatchSchema,
    body: ruleBodySchema,
    bodyExample: BODY_EXAMPLE,
    answers: {
      200: { description: 'The rule as it is now', schema: ruleSchema, example: EXAMPLE },
      ...CHANGE_ANSWERS,
    },
  }),
  remove: endpoint({
    method: 'delete',
    path: '/api/alert-rules/:id',
    summary: 'Delete a rule',
    description: 'What fires by it is resolved, and says why.',
    tag: 'alerts',
    params: paramsSchema,
    headers: ifMatchSchema,
    answers: { 204: { description: 'It is gone' }, ...CHANGE_ANSWERS },
  }),
  test: endpoint({
    method: 'post',
    path: '/api/alert-rules/test',
    summary: 'Say when a rule would have fired, without keeping it',
    description:
      'Judges the stored snapshots as they would have been judged when they came, as if it were the only rule and ' +
      `enabled. Of those it matches, ${MAX_DRY_RUN_AGENTS} agents at most; one that is named is judged whether it matches or not.`,
    tag: 'alerts',
    body: dryRunBodySchema,
    bodyExample: { rule: BODY_EXAMPLE, agent: 'web-01', from: 1764036732, to: 1764040342 },
    answers: {
      200: {
        description: 'What would have fired, by agent',
        schema: dryRunSchema,
        example: {
          from: 1764036732,
          to: 1764040342,
          agents: [{ agent_id: 'web-01', samples: 1805, alerts: [ALERT] }],
          left_out: 0,
        },
      },
      ...OPERATOR_ONLY,
      404: { description: 'The agent that is named never reported' },
      503: {
        description: 'POSTGRES_DSN is not set, a store is out of reach, or too many rules are being tried',
      },
    },
  }),
};
