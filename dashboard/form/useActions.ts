import { useState } from 'preact/hooks';
import { useStatus } from './statusLine.tsx';

/** What is done by the buttons of a list: one thing at a time, and what came of it in words. */
export function useActions(refresh: () => void) {
  const { status, announce } = useStatus();
  const [busy, setBusy] = useState(false);
  async function run(what: () => Promise<string>): Promise<void> {
    setBusy(true);
    try {
      announce(await what());
    } catch (error) {
      announce(error instanceof Error ? error.message : String(error), true);
    }
    setBusy(false);
    refresh();
  }
  return {
    status,
    announce,
    busy,
    /** @param what does it, and says what was done */
    run: (what: () => Promise<string>) => void run(what),
  };
}
