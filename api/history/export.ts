import { InvalidRequestError, type FieldFault } from '../../core/errors.ts';
import { HttpError } from '../http/errors.ts';
import { EXPORT_CURSOR, exportEndpoint, type ExportQuery } from '../../core/contracts/endpoints/export.ts';
import { parseTime, timeFault } from '../../core/history/times.ts';
import type {
  ExportedSnapshot,
  ExportPosition,
  ExportScope,
  ExportStore,
} from '../../core/stores/postgres/exportRows.ts';
import { nowSeconds } from '../../core/time.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { route, type Route } from '../http/route.ts';
import { csvOfProcesses, csvOfSnapshots, ndjson, type ExportFormat } from './exportFormat.ts';
import type { ExportStreams } from './exportStreams.ts';
import type { AgentsAsked } from './scope.ts';

/** A reader that takes nothing at all for so long has gone without a word, in ms: its place is wanted. */
const STALLED_MS = 5 * 60_000;

/** In HTTP/1.0 an answer of unknown length ends with its connection, as one does that was cut off. */
const NEEDS_1_1 =
  'An export needs HTTP/1.1, in which its end can be told from a cut. Behind nginx: proxy_http_version 1.1';

export interface ExportOptions {
  /** Undefined where no history is kept. */
  store: ExportStore | undefined;
  streams: ExportStreams;
  agentsAsked: AgentsAsked | undefined;
}

/** `GET /api/export`: the history as it was handed in, of one agent or of all. */
export function exportRoute({ store, streams, agentsAsked }: ExportOptions): Route {
  return route(exportEndpoint, {
    access: 'reader',
    async handle(request, ctx) {
      if (store === undefined)
        throw new HttpError(
          503,
          'There is no history to export: set POSTGRES_DSN, and it is kept from then on',
        );
      if (ctx.req.httpVersion === '1.0') throw new HttpError(505, NEEDS_1_1);
      const query = request.query();
      const { range, start } = toScope(query, nowSeconds());
      const agentIds = await requireHistory(agentsAsked)(query);
      const format = formatOf(query);
      const pages = wholeSeconds(store.read({ agentIds, ...range }, start), query.limit ?? Infinity);
      const stream = await streams.open(textOf(pages, format, start === undefined));
      ctx.set('Content-Type', format.mediaType);
      ctx.set('Content-Disposition', `attachment; filename="${fileName(query, format)}"`);
      ctx.set('Cache-Control', 'no-store');
      ctx.res.setTimeout(
        STALLED_MS,
        () => void stream.destroy(new Error('the reader has taken nothing for minutes')),
      );
      ctx.body = stream;
    },
  });
}

/** @throws {InvalidRequestError} naming each fault */
function toScope(
  query: ExportQuery,
  now: number,
): {
  range: Omit<ExportScope, 'agentIds'>;
  start: ExportPosition | undefined;
} {
  const faults: FieldFault[] = [];
  function timeOf(name: 'from' | 'to'): number | undefined {
    const text = query[name];
    if (text === undefined) return undefined;
    const time = parseTime(text, now);
    if (time === undefined) faults.push(timeFault(name));
    // A snapshot has a whole second: a fraction means the next one.
    return Math.ceil(time ?? 0);
  }
  const [from = 0, to] = [timeOf('from'), timeOf('to')];
  const refuse = (name: string, msg: string, type: string) =>
    faults.push({ loc: ['query', name], msg, type });
  if (faults.length === 0 && to !== undefined && to <= from)
    refuse('to', 'Must be later than from', 'reversed');
  if (query.rows === 'processes' && query.format !== 'csv')
    refuse('rows', 'Goes with format=csv', 'without_csv');
  const [, agentId, timestamp, skip] = EXPORT_CURSOR.exec(query.cursor ?? '') ?? [];
  if (agentId !== undefined && query.agent !== undefined && agentId !== query.agent)
    refuse('cursor', `Is of another agent than ${query.agent}`, 'other_agent');
  if (faults.length > 0) throw new InvalidRequestError(faults);
  return {
    range: { from: Math.max(from, 0), to },
    start: agentId === undefined ? undefined : { agentId, timestamp: Number(timestamp), skip: Number(skip) },
  };
}

function formatOf({ format, rows }: ExportQuery): ExportFormat {
  if (format === 'ndjson') return ndjson;
  return rows === 'processes' ? csvOfProcesses : csvOfSnapshots;
}

/**
 * The pages up to a limit and, beyond it, to the end of the second it lies in: so that whoever goes on behind an answer
 * knows from that answer alone how many snapshots they have of its last second.
 */
async function* wholeSeconds(
  pages: AsyncGenerator<ExportedSnapshot[]>,
  limit: number,
): AsyncGenerator<ExportedSnapshot[]> {
  let count = 0;
  let last: ExportedSnapshot | undefined;
  for await (const page of pages) {
    const end = page.findIndex(
      (one, i) => count + i >= limit && !isOfSameSecond(one, i > 0 ? page[i - 1] : last),
    );
    if (end !== -1) return yield page.slice(0, end);
    count += page.length;
    last = page.at(-1) ?? last;
    yield page;
  }
}

function isOfSameSecond(one: ExportedSnapshot, other: ExportedSnapshot | undefined): boolean {
  return one.agent_id === other?.agent_id && one.timestamp === other.timestamp;
}

async function* textOf(
  pages: AsyncGenerator<ExportedSnapshot[]>,
  { header, write }: ExportFormat,
  isBeginning: boolean,
): AsyncGenerator<string> {
  let before = isBeginning ? header : '';
  for await (const page of pages) {
    yield before + page.map(write).join('');
    before = '';
  }
  if (before !== '') yield before;
}

/** Without what a file system may mind. */
function fileName({ agent = 'fleet' }: ExportQuery, { extension }: ExportFormat): string {
  return `topline-${agent.replaceAll(':', '-')}.${extension}`;
}
