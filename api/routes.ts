import Router from '@koa/router';
import type { Access } from './http/auth.ts';
import type { HistoryReads } from './history/reads.ts';
import type { ApiMiddleware, State } from './http/context.ts';
import type { Courtesy } from './http/loadShedding.ts';
import { requireAgent, requireOperator, requireReader } from './http/authGuards.ts';
import type { Fleet } from './fleet/fleet.ts';
import { acknowledgeRoutes } from './alerting/acknowledge.ts';
import { agentRoute } from './fleet/agent.ts';
import { alertRoutes } from './alerting/alerts.ts';
import { agentsRoute } from './fleet/agents.ts';
import { recentAlertsRoute } from './alerting/recentAlerts.ts';
import { auditTrailRoute } from './operations/auditRoute.ts';
import { channelRoutes } from './alerting/channels.ts';
import { deliveriesRoute } from './alerting/deliveries.ts';
import { exportRoute, type ExportOptions } from './history/export.ts';
import { changeAgentRoute } from './fleet/changeAgent.ts';
import { forgetAgentRoute } from './fleet/forgetAgent.ts';
import { healthRoutes, type HealthOptions } from './operations/healthRoutes.ts';
import type { IngestOptions } from './ingest/agentRequest.ts';
import { ingestRoute } from './ingest/ingestRoute.ts';
import { ingestBatchRoute } from './ingest/ingestBatchRoute.ts';
import { maintenanceRoutes } from './alerting/maintenance.ts';
import { notificationRouteRoutes } from './alerting/routes.ts';
import { ruleRoutes } from './alerting/rules.ts';
import { recentMetricsRoute } from './history/recentMetrics.ts';
import { metricsAtRoute } from './history/metricsAt.ts';
import { metricsHistoryRoute } from './history/metricsHistory.ts';
import { operationsRoute } from './operations/operationsRoute.ts';
import { processHistoryRoute } from './history/processesHistory.ts';
import { searchProcessesRoute } from './history/processesSearch.ts';
import { topProcessesRoute } from './history/processesTop.ts';
import type { Route } from './http/route.ts';
import { sessionRoutes } from './http/session.ts';
import { silenceRoutes } from './alerting/silences.ts';
import { testChannelRoute } from './alerting/testChannelRoute.ts';
import { testRuleRoute } from './alerting/testRule.ts';
import type { ChannelTest } from './alerting/testChannel.ts';
import type { Alerting } from './alerting/alerting.ts';
import type { RateLimitStore } from '../core/stores/redis/rateLimit.ts';
import type { AgentStore } from '../core/stores/postgres/agents.ts';
import type { DeliveryStore } from '../core/stores/postgres/deliveries.ts';
import type { AlertStore } from '../core/stores/redis/alerts.ts';
import type { OperationsWatch } from './operations/operations.ts';
import type { TimelineStore } from '../core/stores/redis/timeline.ts';

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
    testRuleRoute({ history, agents }),
    ...ruleRoutes(alerting),
    ...alertRoutes(alerting),
    ...acknowledgeRoutes(alerting),
    ...silenceRoutes(alerting),
    ...maintenanceRoutes(alerting),
    deliveriesRoute(options.deliveries),
    ...channelRoutes(alerting),
    testChannelRoute({
      settings: alerting.settings,
      testChannel: options.testChannel,
      audit: alerting.kept?.audit,
    }),
    ...notificationRouteRoutes(alerting),
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
