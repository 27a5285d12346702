import { LRUCache } from 'lru-cache';
import { groupBy } from '../../core/collections.ts';
import { parseLabels } from '../../core/contracts/labels.ts';
import type { QueuedRow } from '../../core/contracts/queues.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/platform/logger.ts';
import type { AgentStore, LastSeen } from '../../core/stores/postgres/agents.ts';

/** An agent is written again after this long, so that PostgreSQL knows to about a minute when it was last seen. */
const AGAIN_AFTER_MS = 60_000;

/** What is found due is gathered for this long: one statement for many batches. */
const GATHER_MS = 500;

/** How many agents are known, those that reported last: names that change all the time must not fill the memory. */
const MAX_KNOWN = 100_000;

export interface LastSeenWriter {
  /** Notes of whom these are. */
  note(snapshots: readonly QueuedRow[]): void;
  /** Writes what is gathered. */
  close(): Promise<void>;
}

interface Known {
  writtenAtMs: number;
  labels: string | undefined;
}

/**
 * Keeps PostgreSQL's list of agents for a process that stores snapshots: it writes those that the process does not know
 * yet, those that changed their labels, and all others once a minute. Nobody waits for it, and what could not be written
 * is tried again: an agent that goes on reporting tells of itself again anyway.
 */
export function createLastSeenWriter(agents: Pick<AgentStore, 'upsert'>, log: Logger): LastSeenWriter {
  const known = new LRUCache<string, Known>({ max: MAX_KNOWN });
  let due = new Map<string, LastSeen>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;

  async function write(): Promise<void> {
    const reports = [...due.values()];
    due = new Map();
    try {
      await agents.upsert(reports);
    } catch (error) {
      log.debug({ reason: messageOf(error) }, 'agents could not be noted; trying again');
      for (const report of reports) gather(report);
    }
  }

  function gather(report: LastSeen): void {
    const other = due.get(report.agentId);
    due.set(report.agentId, other === undefined ? report : merge(other, report));
  }

  function schedule(): void {
    if (timer !== undefined || writing !== undefined || due.size === 0) return;
    timer = setTimeout(() => {
      timer = undefined;
      writing = write().then(() => {
        writing = undefined;
        schedule();
      });
    }, GATHER_MS);
  }

  return {
    note(snapshots) {
      const nowMs = performance.now();
      for (const [agentId, own] of groupBy(snapshots, (snapshot) => snapshot.agentId)) {
        const labels = own.findLast((snapshot) => snapshot.labels !== undefined)?.labels;
        const last = known.get(agentId);
        const isKnown = last !== undefined && nowMs - last.writtenAtMs < AGAIN_AFTER_MS;
        if (isKnown && (labels === undefined || labels === last.labels)) continue;
        known.set(agentId, { writtenAtMs: nowMs, labels: labels ?? last?.labels });
        gather({
          agentId,
          ...extremesOf(own),
          labels: labels === undefined ? undefined : parseLabels(labels),
        });
      }
      schedule();
    },
    async close() {
      clearTimeout(timer);
      await writing;
      clearTimeout(timer);
      if (due.size > 0) await write();
    },
  };
}

function extremesOf(
  snapshots: readonly QueuedRow[],
): Pick<LastSeen, 'firstReceivedAtMs' | 'lastReceivedAtMs'> {
  const times = snapshots.map(({ receivedAtMs }) => receivedAtMs);
  return { firstReceivedAtMs: Math.min(...times), lastReceivedAtMs: Math.max(...times) };
}

/** Of two reports of one agent; what the later one said of itself counts. */
function merge(a: LastSeen, b: LastSeen): LastSeen {
  const [earlier, later] = a.lastReceivedAtMs <= b.lastReceivedAtMs ? [a, b] : [b, a];
  return {
    agentId: a.agentId,
    firstReceivedAtMs: Math.min(a.firstReceivedAtMs, b.firstReceivedAtMs),
    lastReceivedAtMs: later.lastReceivedAtMs,
    labels: later.labels ?? earlier.labels,
  };
}
