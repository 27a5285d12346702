import type { Severity } from '../../core/contracts/alerting/rule.ts';

/** Told apart without colours, too. */
const SHAPES: Record<Severity, string> = {
  critical: 'M5 1h6l4 4v6l-4 4H5l-4-4V5z',
  warning: 'M8 1.5 15.5 14.5H.5z',
  info: 'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1z',
};

/** How grave it is, by a shape and a word. */
export function SeverityMark({ severity }: { severity: Severity }) {
  return (
    <span class="severity" data-severity={severity}>
      <svg viewBox="0 0 16 16" aria-hidden="true" class="live-mark">
        <path d={SHAPES[severity]} />
      </svg>
      {severity}
    </span>
  );
}
