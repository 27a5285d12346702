import { useServices } from '../services.tsx';

const WORDS = { connecting: 'Connecting', live: 'Live', lost: 'Not live' } as const;

/** Whether what the page shows is live. */
export function LinkLamp() {
  const { link, session } = useServices();
  const state = link.state.value;
  if (session.closed.value) return null;
  return (
    <span class="lamp" data-state={state} title={state === 'live' ? 'What you see is live' : undefined}>
      <span class="lamp-light" aria-hidden="true" />
      <span class="lamp-word">{WORDS[state]}</span>
    </span>
  );
}
