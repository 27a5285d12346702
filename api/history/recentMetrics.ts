import { Readable } from 'node:stream';
import { recentEndpoints } from '../../core/contracts/endpoints/recent.ts';
import type { RecentSnapshot, TimelineStore } from '../../core/stores/redis/timeline.ts';
import type { AgentStore } from '../../core/stores/postgres/agents.ts';
import { nowSeconds } from '../../core/time.ts';
import { idsOfQuery } from '../http/labelFilter.ts';
import { orRedisUnavailable } from '../http/redisUnavailable.ts';
import { route, type Route } from '../http/route.ts';

export interface RecentMetricsOptions {
  timeline: TimelineStore;
  /** Absent where no history is kept. */
  agents: AgentStore | undefined;
}

/** `GET /api/metrics/recent`: the last minutes of one agent, of some, or of all. */
export function recentMetricsRoute({ timeline, agents }: RecentMetricsOptions): Route {
  return route(recentEndpoints.snapshots, {
    access: 'reader',
    async handle(request) {
      const { agent, label } = request.query();
      const chosen = await idsOfQuery(label, agents);
      if (agent !== undefined && chosen?.includes(agent) !== false) {
        const snapshots = await orRedisUnavailable(() => timeline.recentOf(agent, nowSeconds()));
        return Buffer.concat([OPENING, ...elements(snapshots), CLOSING]);
      }
      const slices = timeline.recentOfAll(nowSeconds(), agent === undefined ? chosen : []);
      // The first slice before the status goes out: with Redis away this is still a 503.
      const first = await orRedisUnavailable(() => slices.next());
      return Readable.from(jsonArray(first, slices));
    },
  });
}

const OPENING = Buffer.from('[');
const SEPARATOR = Buffer.from(',');
const CLOSING = Buffer.from(']');

/** A JSON array, written slice by slice. */
async function* jsonArray(
  first: IteratorResult<RecentSnapshot[]>,
  rest: AsyncGenerator<RecentSnapshot[]>,
): AsyncGenerator<Buffer> {
  let before = OPENING;
  if (!first.done) {
    yield Buffer.concat([before, ...elements(first.value)]);
    before = SEPARATOR;
    for await (const slice of rest) yield Buffer.concat([before, ...elements(slice)]);
  }
  yield before === OPENING ? Buffer.concat([OPENING, CLOSING]) : CLOSING;
}

function elements(slice: RecentSnapshot[]): Buffer[] {
  return slice.flatMap(({ json }, i) => (i === 0 ? [json] : [SEPARATOR, json]));
}
