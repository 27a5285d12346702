import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import './form.css';
import type { Saving } from './useSave.ts';

interface EditFormProps {
  title: string;
  saving: Saving;
  submit: string;
  onSubmit(): void;
  onCancel(): void;
  /** Reads what is there now, where somebody else has changed it. */
  onReload?: () => void;
  /** Beside the buttons. */
  more?: ComponentChildren;
  children: ComponentChildren;
}

/** A form in the place of its list. It begins at its heading; what is refused leads to the first field that is wrong. */
export function EditForm(props: EditFormProps) {
  const { title, saving, submit, onSubmit, onCancel, onReload, more, children } = props;
  const form = useRef<HTMLFormElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  useEffect(() => {
    if (saving.refusals === 0) return;
    const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid="true"], .form-refusal');
    wrong?.focus();
  }, [saving.refusals]);
  return (
    <form
      ref={form}
      class="edit-form"
      noValidate
      aria-label={title}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <h2 ref={heading} tabIndex={-1}>
        {title}
      </h2>
      {children}
      <SaveNotice saving={saving} onReload={onReload} />
      <div class="form-buttons">
        <button class="button primary" disabled={saving.busy}>
          {submit}
        </button>
        <button type="button" class="button" onClick={onCancel}>
          Cancel
        </button>
        {more}
      </div>
    </form>
  );
}

/** Why it was not saved. The region is always there, so that what comes into it is read out. */
function SaveNotice({ saving, onReload }: { saving: Saving; onReload: (() => void) | undefined }) {
  const errors = Object.entries(saving.errors);
  return (
    <div class="form-notice" role="alert">
      {saving.conflict && (
        <div class="notice form-refusal" tabIndex={-1}>
          <p>Somebody else has changed it meanwhile. Nothing of yours was saved.</p>
          <button type="button" class="button" onClick={onReload}>
            Load what it is now
          </button>
        </div>
      )}
      {saving.reason !== undefined && (
        <p class="notice form-refusal" tabIndex={-1}>
          That was refused: {saving.reason}
        </p>
      )}
      {errors.length > 0 && (
        <div class="notice">
          <p>That was refused. This needs another look:</p>
          <ul class="form-errors">
            {errors.map(([place, message]) => (
              <li key={place}>
                {place !== '' && <code>{place}</code>} {message}
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
