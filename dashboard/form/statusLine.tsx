import { useEffect, useRef, useState } from 'preact/hooks';

export interface Status {
  text: string;
  isBad: boolean;
  /** Grows, so that the same words are told again. */
  count: number;
}

/** What was done last, in words. */
export function useStatus() {
  const [status, setStatus] = useState<Status>({ text: '', isBad: false, count: 0 });
  const announce = (text: string, isBad = false) =>
    setStatus(({ count }) => ({ text, isBad, count: count + 1 }));
  return { status, announce };
}

/** Says what was done. What had the focus may be gone with it: it goes on here. */
export function StatusLine({ status }: { status: Status }) {
  const line = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (status.count > 0) line.current?.focus();
  }, [status.count]);
  return (
    <div ref={line} class="status-line" role="status" tabIndex={-1}>
      {status.text !== '' && (
        <p class="notice" data-bad={status.isBad}>
          {status.text}
        </p>
      )}
    </div>
  );
}
