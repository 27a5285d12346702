import { useState } from 'preact/hooks';
import { NO_ERRORS, refusalOf, type FieldErrors, type Refusal } from './fieldErrors.ts';

/** What becomes of what is sent: at work, refused, or neither. */
export interface Saving extends Refusal {
  busy: boolean;
  /** Grows with each refusal: the form then leads to what is wrong. */
  refusals: number;
  /**
   * Sends it, unless something in it could not be read. What goes wrong stands here then.
   *
   * @param errors of what was typed
   */
  save(errors: FieldErrors, send: () => Promise<void>, within?: readonly string[]): Promise<void>;
}

const NOTHING: Refusal = { errors: NO_ERRORS, reason: undefined, conflict: false };

export function useSave(): Saving {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState({ ...NOTHING, refusals: 0 });
  const refuse = (why: Refusal) => setRefusal(({ refusals }) => ({ ...why, refusals: refusals + 1 }));
  return {
    ...refusal,
    busy,
    async save(errors, send, within) {
      if (Object.keys(errors).length > 0) return refuse({ ...NOTHING, errors });
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
