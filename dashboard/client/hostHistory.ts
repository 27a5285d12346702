import type { historyQuerySchema, HostHistory } from '../../core/contracts/history.ts';
import type { CallOptions, Client } from './client.ts';
import type { QueryOf } from './queryOf.ts';

type Query = Omit<QueryOf<typeof historyQuerySchema>, 'label'> & { agent: string };

/** The history of one host: where one is named, the answer is never that of many. @throws {ApiError} */
export async function hostHistory(
  client: Client,
  query: Query,
  options: CallOptions = {},
): Promise<HostHistory> {
  return (await client.get('/api/metrics/history', { query, ...options })) as HostHistory;
}
