import { messageOf } from '../../core/errors.ts';
import { openPrisma } from '../../core/platform/prisma.ts';
import type { AgentStore } from '../../core/stores/postgres/agents.ts';
import { createExportStore, type ExportStore } from '../../core/stores/postgres/exportRows.ts';
import { createTimelineStore, type TimelineStore } from '../../core/stores/redis/timeline.ts';
import { createLoadShedding } from '../http/loadShedding.ts';
import type { ApiNode } from '../http/node.ts';
import type { ExportOptions } from './export.ts';
import { createExportStreams } from './exportStreams.ts';
import { createRecentStreams, type RecentStreams } from './recentStreams.ts';
import { openHistoryReads, type HistoryReads } from './reads.ts';

/** Connections that only exports use: a page takes some ms of one. */
const EXPORT_CONNECTIONS = 4;

/** Most exports at a time. */
const MAX_EXPORTS = 16;

/** What the routes about the past work with. */
export interface History {
  /** The last minutes. */
  timeline: TimelineStore;
  recent: RecentStreams;
  /** Undefined where no history is kept; so is the next. */
  reads: HistoryReads | undefined;
  agents: AgentStore | undefined;
  export: ExportOptions;
}

/** @param isBusy whether snapshots fill the event loop, now */
export function openHistory(node: ApiNode, isBusy: () => boolean): History {
  const reads = openHistoryReads(node);
  return {
    timeline: createTimelineStore(node.redis, node.config.timeline),
    recent: createRecentStreams({ waitForTurn: createLoadShedding(isBusy) }),
    reads,
    agents: node.postgres?.agents,
    export: {
      store: openExportStore(node),
      streams: createExportStreams(MAX_EXPORTS),
      agentsAsked: reads?.agentsAsked,
    },
  };
}

function openExportStore({ config, log, lifecycle }: ApiNode): ExportStore | undefined {
  const { dsn, table } = config.postgres;
  if (dsn === '') return undefined;
  const prisma = openPrisma({
    dsn,
    log,
    applicationName: 'topline api export',
    poolSize: EXPORT_CONNECTIONS,
  });
  lifecycle.defer('PostgreSQL for exports', prisma.close);
  return createExportStore({
    prisma: prisma.handle,
    table,
    onDamaged: ({ reason, ...row }) =>
      log.warn(
        { ...row, reason: messageOf(reason) },
        'a snapshot cannot be read, and is left out of an export',
      ),
  });
}
