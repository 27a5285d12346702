import { useCallback } from 'preact/hooks';
import { useServices } from '../../services.tsx';
import { usePolledList } from '../../form/usePolledList.ts';

/** Ids of the rules there are; none where they cannot be read. */
export function useRuleIds(): readonly string[] {
  const { client } = useServices();
  const ask = useCallback((signal: AbortSignal) => client.get('/api/alert-rules', { signal }), [client]);
  return usePolledList(ask).value?.rules.map(({ id }) => id) ?? [];
}
