import type { Order, Sort } from '../../core/contracts/fleet.ts';
import { InvalidRequestError } from '../../core/errors.ts';
import type { ListingStore } from '../../core/stores/redis/listings.ts';
import type { AgentLine } from './agentLines.ts';
import { matches, sortLines, type AgentFilter } from './agentOrder.ts';
import { readCursor, writeCursor, type Place } from '../http/cursor.ts';

export interface AgentQuery {
  filter: AgentFilter;
  sort: Sort;
  order: Order;
  limit: number;
  cursor: string | undefined;
}

export interface AgentPage {
  lines: AgentLine[];
  /** Where the next page begins; undefined on the last one. */
  nextCursor: string | undefined;
}

/**
 * A page of the agents that match. Whoever follows the cursors gets every agent that was there at the first page and
 * still is exactly once, however their figures move meanwhile: what is sorted by anything but the id is kept in the order
 * of the first page.
 *
 * @throws {InvalidRequestError} where the cursor is none of ours, of another question, or its order is gone
 */
export async function listAgents(
  lines: readonly AgentLine[],
  { filter, sort, order, limit, cursor }: AgentQuery,
  listings: ListingStore,
): Promise<AgentPage> {
  const question = [filter, sort, order];
  const place = cursor === undefined ? undefined : readCursor(cursor, question);
  if (cursor !== undefined && place === undefined)
    throw cursorFault('This cursor belongs to another query: begin without one');

  if (place !== undefined && 'listing' in place) {
    const ids = await listings.read(place.listing);
    if (ids === undefined) throw cursorFault('This cursor has expired: begin without one');
    return keptPage(lines, ids, place, { limit, question });
  }

  const matching = sortLines(
    lines.filter((line) => matches(line, filter)),
    sort,
    order,
  );
  if (sort === 'id') {
    const sign = order === 'asc' ? 1 : -1;
    const rest =
      place === undefined
        ? matching
        : matching.filter(({ id }) => (id < place.after ? -1 : id > place.after ? 1 : 0) * sign > 0);
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    if (rest.length <= limit || last === undefined) return { lines: page, nextCursor: undefined };
    return { lines: page, nextCursor: writeCursor({ after: last.id }, question) };
  }
  if (place !== undefined) throw cursorFault('This cursor belongs to another query: begin without one');
  const page = matching.slice(0, limit);
  if (matching.length <= limit) return { lines: page, nextCursor: undefined };
  const listing = await listings.keep(matching.map(({ id }) => id));
  return { lines: page, nextCursor: writeCursor({ listing, from: limit }, question) };
}

/** The next agents of an order that was kept; those that were forgotten meanwhile are left out. */
function keptPage(
  lines: readonly AgentLine[],
  ids: readonly string[],
  { listing, from }: Extract<Place, { listing: number }>,
  { limit, question }: { limit: number; question: unknown },
): AgentPage {
  const known = new Map(lines.map((line) => [line.id, line]));
  const next = from + limit;
  return {
    lines: ids.slice(from, next).flatMap((id) => known.get(id) ?? []),
    nextCursor: next < ids.length ? writeCursor({ listing, from: next }, question) : undefined,
  };
}

function cursorFault(msg: string): InvalidRequestError {
  return new InvalidRequestError([{ loc: ['query', 'cursor'], msg, type: 'bad_cursor' }]);
}
