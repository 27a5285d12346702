import { useState } from 'preact/hooks';
import { NO_FAULTS, refusalOf, type Faults, type Refusal } from './faults.ts';

/** What becomes of what is sent: at work, refused, or neither. */
export interface Saving extends Refusal {
  busy: boolean;
  /** Grows with each refusal: the form then leads to what is wrong. */
  refusals: number;
  /**
   * Sends it, unless something in it could not be read. What goes wrong stands here then.
   *
   * @param faults of what was typed
   */
  save(faults: Faults, send: () => Promise<void>, within?: readonly string[]): Promise<void>;
}

const NOTHING: Refusal = { faults: NO_FAULTS, reason: undefined, conflict: false };

export function useSave(): Saving {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState({ ...NOTHING, refusals: 0 });
  const refuse = (why: Refusal) => setRefusal(({ refusals }) => ({ ...why, refusals: refusals + 1 }));
  return {
    ...refusal,
    busy,
    async save(faults, send, within) {
      if (Object.keys(faults).length > 0) return refuse({ ...NOTHING, faults });
      setBusy(true);
      try {
        await send();
        setRefusal(({ refusals }) => ({ ...NOTHING, refusals }));
      } catch (error) {
        refuse(refusalOf(error, within));
      } finally {
        setBusy(false);
      }
    },
  };
}
