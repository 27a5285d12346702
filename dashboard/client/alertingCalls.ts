import type { z } from 'zod';
import type { Channel, Delivery, routeSchema } from '../../core/contracts/alerting/notification.ts';
import type { AlertRule, ruleBodySchema } from '../../core/contracts/alerting/rule.ts';
import type { maintenanceBodySchema, silenceBodySchema } from '../../core/contracts/alerting/silence.ts';
import type {
  AcknowledgeBody,
  AlertDetail,
  AlertPage,
  alertsQuerySchema,
  AlertView,
  AuditPage,
  auditQuerySchema,
  ChannelChange,
  ChannelList,
  ChannelView,
  deliveriesQuerySchema,
  DeliveryPage,
  DryRun,
  dryRunBodySchema,
  MaintenanceList,
  MaintenanceView,
  NewRule,
  RouteList,
  RouteView,
  RuleList,
  SilenceList,
  silencesQuerySchema,
  SilenceView,
} from '../../core/contracts/alerting/views.ts';
import type { QueryOf } from './queryOf.ts';

export type RuleBody = z.input<typeof ruleBodySchema>;
export type SilenceBody = z.input<typeof silenceBodySchema>;
export type MaintenanceBody = z.input<typeof maintenanceBodySchema>;
export type NewRoute = z.input<typeof routeSchema>;
export type RouteBody = Omit<NewRoute, 'id'>;
export type AlertsQuery = QueryOf<typeof alertsQuerySchema>;

export type DeliveriesQuery = QueryOf<typeof deliveriesQuerySchema>;

/** What the endpoints of alerting are asked and what they answer. */
export interface AlertingCalls {
  alerts: { query: AlertsQuery; answer: AlertPage };
  alert: { answer: AlertDetail };
  acknowledgeAlert: { body: AcknowledgeBody; answer: AlertView };
  unacknowledgeAlert: { answer: AlertView };
  alertRules: { answer: RuleList };
  alertRule: { answer: AlertRule };
  createAlertRule: { body: NewRule; answer: AlertRule };
  changeAlertRule: { body: RuleBody; answer: AlertRule };
  deleteAlertRule: { answer: unknown };
  tryAlertRule: { body: z.input<typeof dryRunBodySchema>; answer: DryRun };
  silences: { query: QueryOf<typeof silencesQuerySchema>; answer: SilenceList };
  createSilence: { body: SilenceBody; answer: SilenceView };
  endSilence: { answer: SilenceView };
  maintenance: { answer: MaintenanceList };
  createMaintenance: { body: MaintenanceBody; answer: MaintenanceView };
  changeMaintenance: { body: MaintenanceBody; answer: MaintenanceView };
  deleteMaintenance: { answer: unknown };
  channels: { answer: ChannelList };
  channel: { answer: ChannelView };
  createChannel: { body: Channel; answer: ChannelView };
  changeChannel: { body: ChannelChange; answer: ChannelView };
  deleteChannel: { answer: unknown };
  testChannel: { answer: Delivery };
  alertRoutes: { answer: RouteList };
  createAlertRoute: { body: NewRoute; answer: RouteView };
  changeAlertRoute: { body: RouteBody; answer: RouteView };
  deleteAlertRoute: { answer: unknown };
  deliveries: { query: DeliveriesQuery; answer: DeliveryPage };
  audit: { query: QueryOf<typeof auditQuerySchema>; answer: AuditPage };
}
