import {
  channelSchema,
  routeSchema,
  type Channel,
  type NotificationRoute,
} from '../../contracts/alerting/notification.ts';
import { ruleBodySchema, type AlertRuleBody } from '../../contracts/alerting/rule.ts';
import { maintenanceBodySchema, type MaintenanceBody } from '../../contracts/alerting/silence.ts';
import { createSettingRows, type SettingRows, type SettingRowsOptions } from './settingRows.ts';

/** What operators made of alerting, a table each. A body has no id of its own. */
export interface AlertingRows {
  rules: SettingRows<AlertRuleBody>;
  channels: SettingRows<Omit<Channel, 'id'>>;
  routes: SettingRows<Omit<NotificationRoute, 'id'>>;
  maintenance: SettingRows<MaintenanceBody>;
}

export function createAlertingRows(options: SettingRowsOptions): AlertingRows {
  return {
    rules: createSettingRows(options, {
      table: 'rules',
      noun: 'alert_rule',
      schema: ruleBodySchema,
      tableIn: ({ alertRule }) => alertRule,
    }),
    channels: createSettingRows(options, {
      table: 'channels',
      noun: 'channel',
      schema: channelSchema.omit({ id: true }),
      tableIn: ({ alertChannel }) => alertChannel,
    }),
    routes: createSettingRows(options, {
      table: 'routes',
      noun: 'route',
      schema: routeSchema.omit({ id: true }),
      tableIn: ({ alertRoute }) => alertRoute,
    }),
    maintenance: createSettingRows(options, {
      table: 'maintenance',
      noun: 'maintenance',
      schema: maintenanceBodySchema,
      tableIn: ({ maintenanceWindow }) => maintenanceWindow,
    }),
  };
}
