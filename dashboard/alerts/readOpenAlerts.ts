import type { AlertView } from '../../core/contracts/alerting/views.ts';
import type { Client } from '../client/client.ts';

/** Most that one answer may bring, and most answers: with more alerts than that nobody reads a list. */
const PAGE = 1_000;
const MOST_PAGES = 10;

/** All that is in one of these states now. @throws {ApiError} */
export async function readOpenAlerts(
  client: Client,
  state: ('pending' | 'firing')[],
  options: { signal: AbortSignal },
): Promise<AlertView[]> {
  const all: AlertView[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await client.get('/api/alerts', { query: { state, limit: PAGE, cursor }, ...options });
    all.push(...answer.alerts);
    if (answer.next_cursor === null) break;
    cursor = answer.next_cursor;
  }
  return all;
}
