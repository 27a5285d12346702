import {
  channelSchema,
  routeSchema,
  type Channel,
  type NotificationRoute,
} from '../../contracts/alerting/notification.ts';
import { ruleBodySchema, type AlertRuleBody } from '../../contracts/alerting/rule.ts';
import { maintenanceBodySchema, type MaintenanceBody } from '../../contracts/alerting/silence.ts';
import type { PrismaClient } from '../../platform/prisma.ts';
import { createSettingRows, type SettingRows } from './settingRows.ts';

/** What operators made of alerting, a table each. A body has no id of its own. */
export interface AlertingRows {
  rules: SettingRows<AlertRuleBody>;
  channels: SettingRows<Omit<Channel, 'id'>>;
  routes: SettingRows<Omit<NotificationRoute, 'id'>>;
  maintenance: SettingRows<MaintenanceBody>;
}

export function createAlertingRows(options: {
  prisma: PrismaClient;
  /** Told of a row that cannot be read, which counts as not there. */
  onDamaged?: (table: string, id: string) => void;
}): AlertingRows {
  return {
    rules: createSettingRows(options, { table: 'rules', noun: 'alert_rule', schema: ruleBodySchema }),
    channels: createSettingRows(options, {
      table: 'channels',
      noun: 'channel',
      schema: channelSchema.omit({ id: true }),
    }),
    routes: createSettingRows(options, {
      table: 'routes',
      noun: 'route',
      schema: routeSchema.omit({ id: true }),
    }),
    maintenance: createSettingRows(options, {
      table: 'maintenance',
      noun: 'maintenance',
      schema: maintenanceBodySchema,
    }),
  };
}
