import { useCallback } from 'preact/hooks';
import type { Operations } from '../../core/contracts/operations.ts';
import { useServices } from '../services.tsx';
import { usePageTitle } from '../shell/pageTitle.ts';
import { durationText } from '../state/time.ts';
import { countText, NO_VALUE } from '../state/number.ts';
import { rateText } from './rateText.ts';
import { FindingList } from './findingList.tsx';
import { findingsOf } from './findings.ts';
import { NodeTable } from './nodeTable.tsx';
import './operations.css';
import { QueueTable } from './queueTable.tsx';
import { StoreTile, Tile } from './tiles.tsx';
import { usePolled } from '../shell/usePolled.ts';

const POLL_MS = 3_000;

/** How the service itself does: stores, queues, nodes; and in words what is wrong, and what to do. */
export function OperationsPage() {
  usePageTitle('Operations');
  const { client } = useServices();
  const ask = useCallback((signal: AbortSignal) => client.get('/api/operations', { signal }), [client]);
  const { value, error } = usePolled(ask, POLL_MS);
  return (
    <div class="operations" data-stale={error !== undefined}>
      <header class="operations-head">
        <h1>Operations</h1>
        {value !== undefined && (
          <p class="operations-version">
            Version {value.node.version}, up for {durationText(value.node.uptime_seconds)}
          </p>
        )}
        <BoardLink />
      </header>
      <div class="operations-state" role="status">
        {error !== undefined && (
          <p class="notice">
            {error} {value === undefined ? '' : 'What you see below is what it said last.'} Trying again…
          </p>
        )}
      </div>
      {value === undefined && error === undefined && <p class="page-wait">Loading…</p>}
      {value !== undefined && <Figures operations={value} />}
    </div>
  );
}

/** The board is a page of its own; whether it acts is the server's decision, and told here beforehand. */
function BoardLink() {
  const { session } = useServices();
  const acts = session.role.value === 'operator';
  return (
    <a class="operations-board" href="/board">
      Queue board{acts ? '' : ' (read only)'}
    </a>
  );
}

function Figures({ operations }: { operations: Operations }) {
  const { health, node, nodes, ingest_per_second, sockets, queues, rollup_behind_seconds } = operations;
  return (
    <>
      <FindingList findings={findingsOf(operations)} />
      <ul class="tiles" aria-label="At a glance">
        <StoreTile name="Redis" state={health.redis} />
        <StoreTile name="PostgreSQL" state={health.postgres} />
        <Tile
          name="Snapshots"
          value={rateText(ingest_per_second)}
          unit="a second"
          note="Mean of the last minute"
        />
        <Tile
          name="Live connections"
          value={countText(sockets)}
          note={`${countText(node.sockets.socket_io + node.sockets.websocket)} of them to this node`}
        />
        <Tile
          name="History in minutes"
          value={rollup_behind_seconds === null ? NO_VALUE : durationText(rollup_behind_seconds)}
          unit={rollup_behind_seconds === null ? undefined : 'behind'}
          note="Made every 30 s; charts read what is newer elsewhere"
        />
      </ul>
      <QueueTable queues={queues} />
      <NodeTable nodes={nodes} ownId={node.id} />
    </>
  );
}
