import Router from '@koa/router';
import type { Access } from '../access.ts';
import type { HistoryReads } from '../history/reads.ts';
import type { ApiMiddleware, State } from '../context.ts';
import type { Courtesy } from '../courtesy.ts';
import { requireAgent, requireOperator, requireReader } from '../middleware/access.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { acknowledgeRoutes } from './acknowledge.ts';
import { agentRoute } from './agent.ts';
import { alertRoute } from './alert.ts';
import { alertListRoute } from './alertList.ts';
import { alertRulesRoutes, changeAlertRuleRoutes } from './alertRules.ts';
import { agentsRoute } from './agents.ts';
import { alertRoutesRoute } from './alertRoutes.ts';
import { recentAlertsRoute } from './alerts.ts';
import { auditTrailRoute } from './auditTrail.ts';
import { changeAlertRouteRoutes } from './changeAlertRoute.ts';
import { changeChannelRoutes } from './changeChannel.ts';
import { channelRoutes } from './channels.ts';
import { deliveriesRoute } from './deliveries.ts';
import { exportRoute, type ExportOptions } from './export.ts';
import { changeAgentRoute } from './changeAgent.ts';
import { forgetAgentRoute } from './forgetAgent.ts';
import { healthRoutes, type HealthOptions } from './health.ts';
import type { IngestOptions } from './agentRequest.ts';
import { ingestRoute } from './ingest.ts';
import { ingestBatchRoute } from './ingestBatch.ts';
import { maintenanceRoutes } from './maintenance.ts';
import { recentMetricsRoute } from './metrics.ts';
import { metricsAtRoute } from './metricsAt.ts';
import { metricsHistoryRoute } from './metricsHistory.ts';
import { operationsRoute } from './operations.ts';
import { processHistoryRoute } from './processesHistory.ts';
import { searchProcessesRoute } from './processesSearch.ts';
import { topProcessesRoute } from './processesTop.ts';
import type { Route } from './route.ts';
import { sessionRoutes } from './session.ts';
import { silenceRoutes } from './silences.ts';
import { testChannelRoute } from './testChannel.ts';
import { tryAlertRuleRoute } from './tryAlertRule.ts';
import type { ChannelTest } from '../alerting/testChannel.ts';
import type { Alerting } from '../alerting/alerting.ts';
import type { RateLimitStore } from '../../core/stores/redis/rateLimit.ts';
import type { AgentStore } from '../../core/stores/postgres/agents.ts';
import type { DeliveryStore } from '../../core/stores/postgres/deliveries.ts';
import type { AlertStore } from '../../core/stores/redis/alerts.ts';
import type { OperationsWatch } from '../operations.ts';
import type { TimelineStore } from '../../core/stores/redis/timeline.ts';

export interface RouteOptions {
  ingest: IngestOptions;
  rateLimits: RateLimitStore;
  health: HealthOptions;
  operations: Pick<OperationsWatch, 'look'>;
  timeline: TimelineStore;
  alerts: AlertStore;
  alerting: Alerting;
  testChannel: ChannelTest;
  /** Undefined where no history is kept. */
  deliveries: DeliveryStore | undefined;
  /** Undefined where no history is kept. */
  history: HistoryReads | undefined;
  export: ExportOptions;
  access: Access;
  /** Absent where no history is kept. */
  fleet: Fleet | undefined;
  /** Likewise. */
  agents: AgentStore | undefined;
}

/** Table of contents: every route of the API. OpenAPI is made from this list. */
export function listRoutes(options: RouteOptions): Route[] {
  const { ingest, rateLimits, health, timeline, alerts, alerting, history, access, fleet, agents } = options;
  return [
    ingestRoute(ingest),
    ingestBatchRoute(ingest),
    recentMetricsRoute({ timeline, agents }),
    recentAlertsRoute({ alerts, clock: ingest.clock, agents }),
    metricsHistoryRoute({ history }),
    metricsAtRoute({ history }),
    topProcessesRoute({ history }),
    processHistoryRoute({ history }),
    searchProcessesRoute({ history }),
    exportRoute(options.export),
    agentsRoute(fleet),
    agentRoute(fleet),
    changeAgentRoute(fleet, alerting.kept?.audit),
    forgetAgentRoute(fleet, alerting.kept?.audit),
    tryAlertRuleRoute({ history, agents }),
    ...alertRulesRoutes(alerting),
    ...changeAlertRuleRoutes(alerting),
    alertListRoute(alerting),
    alertRoute(alerting),
    ...acknowledgeRoutes(alerting),
    ...silenceRoutes(alerting),
    ...maintenanceRoutes(alerting),
    deliveriesRoute(options.deliveries),
    ...channelRoutes(alerting),
    ...changeChannelRoutes(alerting),
    testChannelRoute({
      settings: alerting.settings,
      testChannel: options.testChannel,
      audit: alerting.kept?.audit,
    }),
    alertRoutesRoute(alerting),
    ...changeAlertRouteRoutes(alerting),
    auditTrailRoute(alerting.kept?.audit),
    ...healthRoutes(health),
    operationsRoute(options.operations),
    ...sessionRoutes({ access, rateLimits }),
  ];
}

/** Who hands in snapshots, and who asks for everything else. */
export function isForAgents({ access }: Route): boolean {
  return access === 'agent';
}

/** A router for the routes, each behind the guard its access asks for; those that cost much wait for their turn. */
export function createRouter(routes: Route[], access: Access, courtesy: Courtesy): Router<State> {
  const guards: Record<Exclude<Route['access'], 'open'>, ApiMiddleware> = {
    agent: requireAgent(access),
    reader: requireReader(access),
    operator: requireOperator(access),
  };
  const router = new Router<State>();
  for (const route of routes) {
    const handlers: ApiMiddleware[] = [];
    if (route.access !== 'open') handlers.push(guards[route.access]);
    if (route.isCostly === true)
      handlers.push(async (_, next) => {
        await courtesy();
        await next();
      });
    router[route.method](route.path, ...handlers, (ctx) => route.handle(ctx));
  }
  return router;
}
