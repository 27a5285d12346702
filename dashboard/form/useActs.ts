import { useState } from 'preact/hooks';
import { useNews } from './news.tsx';

/** What is done by the buttons of a list: one thing at a time, and what came of it in words. */
export function useActs(refresh: () => void) {
  const { news, tell } = useNews();
  const [busy, setBusy] = useState(false);
  async function act(what: () => Promise<string>): Promise<void> {
    setBusy(true);
    try {
      tell(await what());
    } catch (error) {
      tell(error instanceof Error ? error.message : String(error), true);
    }
    setBusy(false);
    refresh();
  }
  return {
    news,
    tell,
    busy,
    /** @param what does it, and says what was done */
    act: (what: () => Promise<string>) => void act(what),
  };
}
