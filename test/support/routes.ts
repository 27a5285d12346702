import type { Redis } from 'ioredis';
import { createAccess } from '../../api/http/auth.ts';
import { createAlertReads } from '../../api/alerting/alertReads.ts';
import type { Alerting } from '../../api/alerting/alerting.ts';
import { createExportStreams } from '../../api/history/exportStreams.ts';
import { createRecentStreams } from '../../api/history/recentStreams.ts';
import { createIntake } from '../../api/ingest/intake.ts';
import { listRoutes } from '../../api/routes.ts';
import type { Route } from '../../api/http/route.ts';
import { loadConfig } from '../../core/config.ts';
import { sortHosts } from '../../core/platform/allowedHosts.ts';
import { createMetrics } from '../../core/platform/metrics.ts';
import { createAcknowledgementStore } from '../../core/stores/redis/acknowledgements.ts';
import { createAgentTokenCache, createAgentTokenStore } from '../../core/stores/redis/agentTokens.ts';
import { createAlertStore } from '../../core/stores/redis/alerts.ts';
import { createChannelHealthStore } from '../../core/stores/redis/channelHealth.ts';
import { createSharedClock } from '../../core/stores/redis/clock.ts';
import { createOpenAlertStore } from '../../core/stores/redis/openAlerts.ts';
import { createRateLimitStore } from '../../core/stores/redis/rateLimit.ts';
import { createTimelineStore } from '../../core/stores/redis/timeline.ts';

/** Nothing of it is called. */
function describedAlerting(redis: Redis): Alerting {
  const settings = {
    read: () => Promise.reject(new Error('not called')),
    publish: async () => undefined,
    close: () => undefined,
  };
  const acknowledgements = createAcknowledgementStore(redis);
  const alerts = createAlertReads({
    open: createOpenAlertStore(redis),
    acknowledgements,
    settings,
    records: undefined,
  });
  return {
    settings,
    kept: undefined,
    alerts,
    acknowledgements,
    health: createChannelHealthStore(redis),
    reopenChannel: async () => undefined,
    allowedHosts: sortHosts([]),
  };
}

/** Every route there is, to be described and not called: the connection is not used. */
export function allRoutes(redis: Redis): Route[] {
  const config = loadConfig({});
  const clock = createSharedClock(redis);
  return listRoutes({
    ingest: {
      intake: createIntake({ queues: {} }),
      rateLimiter: undefined,
      newAgents: undefined,
      clock,
      ratePerMinute: 120,
      identity: 'default',
      keptSeconds: 300,
    },
    history: {
      timeline: createTimelineStore(redis, config.timeline),
      recent: createRecentStreams({ waitForTurn: async () => undefined }),
      reads: undefined,
      agents: undefined,
      export: { store: undefined, streams: createExportStreams(1), agentsAsked: undefined },
    },
    alerting: {
      ...describedAlerting(redis),
      events: createAlertStore(redis, config.alerts),
      clock,
      agents: undefined,
      deliveries: undefined,
      testChannel: () => Promise.reject(new Error('nobody asks')),
    },
    fleet: undefined,
    operations: {
      health: {
        health: async () => ({ status: 'ok', redis: 'connected', postgres: 'disabled', warnings: [] }),
        ready: async () => undefined,
        metrics: createMetrics(),
      },
      read: () => Promise.reject(new Error('nobody asks')),
    },
    session: {
      access: createAccess(config, createAgentTokenCache(createAgentTokenStore(redis))),
      rateLimits: createRateLimitStore(redis),
    },
  });
}
