import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import './actions.css';

interface FormDialogProps {
  title: string;
  /** What the button that does it says. */
  action: string;
  /** Does it; what it throws is shown, and the dialog stays. */
  onSubmit: () => Promise<void>;
  onClose: () => void;
  children: ComponentChildren;
}

/** A form over the page. The browser's own dialog: it keeps the focus, Escape closes it, and the focus goes back. */
export function FormDialog({ title, action, onSubmit, onClose, children }: FormDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | undefined>(undefined);
  useEffect(() => dialog.current?.showModal(), []);

  async function submit(): Promise<void> {
    setBusy(true);
    setError(undefined);
    try {
      await onSubmit();
      dialog.current?.close();
    } catch (error) {
      setError(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  }
  return (
    <dialog class="form-dialog" ref={dialog} aria-labelledby={titleId} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <h2 id={titleId}>{title}</h2>
        {children}
        <p class="form-error" role="alert">
          {error}
        </p>
        <div class="form-buttons">
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={busy}>
            {action}
          </button>
        </div>
      </form>
    </dialog>
  );
}
