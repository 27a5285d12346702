import type { NodeFigures } from '../../core/contracts/operations.ts';
import { countText } from '../state/number.ts';
import { durationText } from '../state/time.ts';
import { rateText } from './rateText.ts';

/** Every API node; which of them answered this page is said, because another one may answer next. */
export function NodeTable({ nodes, ownId }: { nodes: NodeFigures[]; ownId: string }) {
  return (
    <section aria-labelledby="nodes">
      <h2 id="nodes">API nodes</h2>
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">Node</th>
            <th scope="col" class="wide-only">
              Version
            </th>
            <th scope="col" class="number">
              Up for
            </th>
            <th scope="col" class="number">
              Snapshots/s
            </th>
            <th scope="col" class="number">
              Pages
            </th>
            <th scope="col" class="number wide-only">
              WebSockets
            </th>
          </tr>
        </thead>
        <tbody>
          {nodes.map(({ id, version, uptime_seconds, ingest_per_second, sockets }) => (
            <tr key={id}>
              <th scope="row">
                {id}
                {id === ownId && <span class="meaning">answered this page</span>}
              </th>
              <td class="wide-only">{version}</td>
              <td class="number live">{durationText(uptime_seconds)}</td>
              <td class="number live">{rateText(ingest_per_second)}</td>
              <td class="number live">{countText(sockets.socket_io)}</td>
              <td class="number live wide-only">{countText(sockets.websocket)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
