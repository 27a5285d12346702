import { useLayoutEffect, useRef, useState } from 'preact/hooks';

interface ConfirmButtonProps {
  /** On the button, and on the one that confirms. */
  text: string;
  /** What it is done to, for whoever hears the button only. */
  of: string;
  question: string;
  disabled?: boolean;
  onConfirm(): void;
}

/** A button that asks once more, in its own place. Escape and the other button leave all as it is. */
export function ConfirmButton({ text, of, question, disabled, onConfirm }: ConfirmButtonProps) {
  const [asking, setAsking] = useState(false);
  const confirm = useRef<HTMLButtonElement>(null);
  const begin = useRef<HTMLButtonElement>(null);
  const wasAsking = useRef(false);
  // Before anything can be pressed: the button that had the focus is gone, and Escape is to reach its successor.
  useLayoutEffect(() => {
    if (asking) confirm.current?.focus();
    else if (wasAsking.current) begin.current?.focus();
    wasAsking.current = asking;
  }, [asking]);
  const keepOnEscape = ({ key }: KeyboardEvent) => {
    if (key === 'Escape') setAsking(false);
  };
  if (!asking)
    return (
      <button
        ref={begin}
        type="button"
        class="button small"
        disabled={disabled}
        onClick={() => setAsking(true)}
      >
        {text}
        <span class="unseen"> {of}</span>
      </button>
    );
  return (
    <span class="confirm" role="group" aria-label={question}>
      <span class="confirm-question">{question}</span>
      <button
        ref={confirm}
        type="button"
        class="button small danger"
        onKeyDown={keepOnEscape}
        onClick={() => {
          setAsking(false);
          onConfirm();
        }}
      >
        {text}
      </button>
      <button type="button" class="button small" onKeyDown={keepOnEscape} onClick={() => setAsking(false)}>
        Keep
      </button>
    </span>
  );
}
