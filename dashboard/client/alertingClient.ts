import type { Channel } from '../../core/contracts/alerting/notification.ts';
import type {
  AcknowledgeBody,
  ChannelChange,
  DryRunBody,
  NewRule,
} from '../../core/contracts/alerting/views.ts';
import type {
  AlertsQuery,
  DeliveriesQuery,
  MaintenanceBody,
  NewRoute,
  RouteBody,
  RuleBody,
  SilenceBody,
} from './alertingCalls.ts';
import type { Ask, CallOptions } from './ask.ts';
import type { Query } from './calls.ts';

/** A change of what was read before. */
export interface ChangeOptions extends CallOptions {
  /** The version that was read: an ApiError of 412 where somebody else made another meanwhile. */
  ifVersion: number;
}

/** Alerts and what decides about them, a function for each endpoint. What changes something is for operators (403). */
export function alertingClient(ask: Ask) {
  return {
    /** Newest first, a page at a time. */
    alerts: (query: AlertsQuery = {}, options: CallOptions = {}) => ask('alerts', { query, ...options }),
    /** One alert with what happened to it and what was told of it. */
    alert: (id: string, options: CallOptions = {}) => ask('alert', { params: { id }, ...options }),
    acknowledgeAlert: (id: string, body: AcknowledgeBody, options: CallOptions = {}) =>
      ask('acknowledgeAlert', { params: { id }, body, ...options }),
    unacknowledgeAlert: (id: string, options: CallOptions = {}) =>
      ask('unacknowledgeAlert', { params: { id }, ...options }),

    alertRules: (options: CallOptions = {}) => ask('alertRules', options),
    alertRule: (id: string, options: CallOptions = {}) => ask('alertRule', { params: { id }, ...options }),
    createAlertRule: (body: NewRule, options: CallOptions = {}) =>
      ask('createAlertRule', { body, ...options }),
    changeAlertRule: (id: string, body: RuleBody, options: ChangeOptions) =>
      ask('changeAlertRule', { params: { id }, body, ...options }),
    deleteAlertRule: (id: string, options: ChangeOptions) =>
      ask('deleteAlertRule', { params: { id }, ...options }),
    /** When a rule would have fired on what is kept; nothing is changed. */
    tryAlertRule: (body: DryRunBody, options: CallOptions = {}) => ask('tryAlertRule', { body, ...options }),

    silences: (query: Query<'silences'> = {}, options: CallOptions = {}) =>
      ask('silences', { query, ...options }),
    createSilence: (body: SilenceBody, options: CallOptions = {}) =>
      ask('createSilence', { body, ...options }),
    endSilence: (id: string, options: CallOptions = {}) => ask('endSilence', { params: { id }, ...options }),

    maintenance: (options: CallOptions = {}) => ask('maintenance', options),
    createMaintenance: (body: MaintenanceBody, options: CallOptions = {}) =>
      ask('createMaintenance', { body, ...options }),
    changeMaintenance: (id: string, body: MaintenanceBody, options: ChangeOptions) =>
      ask('changeMaintenance', { params: { id }, body, ...options }),
    deleteMaintenance: (id: string, options: ChangeOptions) =>
      ask('deleteMaintenance', { params: { id }, ...options }),

    channels: (options: CallOptions = {}) => ask('channels', options),
    channel: (id: string, options: CallOptions = {}) => ask('channel', { params: { id }, ...options }),
    createChannel: (body: Channel, options: CallOptions = {}) => ask('createChannel', { body, ...options }),
    changeChannel: (id: string, body: ChannelChange, options: ChangeOptions) =>
      ask('changeChannel', { params: { id }, body, ...options }),
    deleteChannel: (id: string, options: ChangeOptions) =>
      ask('deleteChannel', { params: { id }, ...options }),
    /** Sends a message now: up to 10 s. */
    testChannel: (id: string, options: CallOptions = {}) =>
      ask('testChannel', { params: { id }, ...options }),

    alertRoutes: (options: CallOptions = {}) => ask('alertRoutes', options),
    createAlertRoute: (body: NewRoute, options: CallOptions = {}) =>
      ask('createAlertRoute', { body, ...options }),
    changeAlertRoute: (id: string, body: RouteBody, options: ChangeOptions) =>
      ask('changeAlertRoute', { params: { id }, body, ...options }),
    deleteAlertRoute: (id: string, options: ChangeOptions) =>
      ask('deleteAlertRoute', { params: { id }, ...options }),

    /** What became of each message, newest first. */
    deliveries: (query: DeliveriesQuery = {}, options: CallOptions = {}) =>
      ask('deliveries', { query, ...options }),
    /** What was changed by hand, newest first. */
    audit: (query: Query<'audit'> = {}, options: CallOptions = {}) => ask('audit', { query, ...options }),
  };
}
