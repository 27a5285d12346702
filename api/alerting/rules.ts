import { excessOf } from '../../core/alerting/ruleBounds.ts';
import type { AlertRule } from '../../core/contracts/alerting/rule.ts';
import { ruleEndpoints } from '../../core/contracts/endpoints/rules.ts';
import { InvalidRequestError } from '../../core/errors.ts';
import type { Route } from '../http/route.ts';
import type { Alerting } from './alerting.ts';
import { listRules } from './listSettings.ts';
import { settingRoutes } from './resource.ts';

/** `/api/alert-rules`: what alerts are judged by. */
export function ruleRoutes(alerting: Alerting): Route[] {
  return settingRoutes(alerting, {
    endpoints: ruleEndpoints,
    noun: 'alert rule',
    idInLog: 'rule',
    rows: ({ rules }) => rules,
    list: () => listRules(alerting),
    listOf: (rules) => ({ rules }),
    view: ({ id, version, body }): AlertRule => ({ ...body, id, version, source: 'api' }),
    async givenBy(id) {
      const { rules } = await alerting.settings.read();
      return rules.find((rule) => rule.id === id)?.source;
    },
    async checkAmongOthers(id, { match }) {
      const { rules } = await alerting.settings.read();
      const excess = excessOf(rules, [...rules.filter((rule) => rule.id !== id), { id, match }]);
      if (excess === undefined) return;
      const loc = excess.at === 'rules' ? ['body'] : ['body', 'match', 'agents'];
      throw new InvalidRequestError([{ loc, msg: excess.message, type: `too_many_${excess.at}` }]);
    },
    create: ({ id, ...body }) => ({ id, body }),
    replace: (body) => () => body,
    audited: (body) => body,
  });
}
