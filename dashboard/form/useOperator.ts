import { useServices } from '../services.tsx';

/** Whether whoever looks may change something: the others see no button for it. */
export function useOperator(): boolean {
  return useServices().session.role.value === 'operator';
}
