import type { Fleet } from './fleet/fleet.ts';
import { acknowledgeRoutes } from './alerting/acknowledge.ts';
import { agentRoute } from './fleet/agent.ts';
import { alertRoutes } from './alerting/alerts.ts';
import { agentsRoute } from './fleet/agents.ts';
import { recentAlertsRoute } from './alerting/recentAlerts.ts';
import { auditTrailRoute } from './operations/auditRoute.ts';
import { channelRoutes } from './alerting/channels.ts';
import { deliveriesRoute } from './alerting/deliveries.ts';
import { exportRoute } from './history/export.ts';
import { changeAgentRoute } from './fleet/changeAgent.ts';
import { forgetAgentRoute } from './fleet/forgetAgent.ts';
import { forgetAgentsRoute } from './fleet/forgetAgents.ts';
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
import type { AlertingRoom } from './alerting/open.ts';
import type { History } from './history/open.ts';
import type { OperationsWatch } from './operations/operations.ts';

/** What the routes of each room work with. */
export interface Rooms {
  ingest: IngestOptions;
  history: History;
  alerting: AlertingRoom;
  /** Undefined where no history is kept. */
  fleet: Fleet | undefined;
  operations: { health: HealthOptions; read: OperationsWatch['read'] };
  session: Parameters<typeof sessionRoutes>[0];
}

/** Table of contents: every route of the API. OpenAPI is made from this list. */
export function listRoutes({ ingest, history, alerting, fleet, operations, session }: Rooms): Route[] {
  const { reads, agents } = history;
  const audit = alerting.kept?.audit;
  return [
    ingestRoute(ingest),
    ingestBatchRoute(ingest),
    recentMetricsRoute(history),
    recentAlertsRoute({ ...alerting, alerts: alerting.events }),
    metricsHistoryRoute({ history: reads }),
    metricsAtRoute({ history: reads }),
    topProcessesRoute({ history: reads }),
    processHistoryRoute({ history: reads }),
    searchProcessesRoute({ history: reads }),
    exportRoute(history.export),
    agentsRoute(fleet),
    agentRoute(fleet),
    changeAgentRoute(fleet, audit),
    forgetAgentRoute(fleet, audit),
    forgetAgentsRoute(fleet, audit),
    testRuleRoute({ history: reads, agents }),
    ...ruleRoutes(alerting),
    ...alertRoutes(alerting),
    ...acknowledgeRoutes(alerting),
    ...silenceRoutes(alerting),
    ...maintenanceRoutes(alerting),
    deliveriesRoute(alerting.deliveries),
    ...channelRoutes(alerting),
    testChannelRoute({ ...alerting, audit }),
    ...notificationRouteRoutes(alerting),
    auditTrailRoute(audit),
    ...healthRoutes(operations.health),
    operationsRoute(operations),
    ...sessionRoutes(session),
  ];
}
