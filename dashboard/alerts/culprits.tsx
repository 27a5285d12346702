import type { Culprit } from '../../core/contracts/alerting/alert.ts';
import { shareText } from '../host/figures.ts';

/** How many a list names; the page of the alert has all of them. */
const NAMED = 3;

/** Who it was, who took most first. */
export function Culprits({ culprits }: { culprits: readonly Culprit[] }) {
  if (culprits.length === 0) return null;
  return (
    <ul class="alert-culprits" aria-label="Who it was">
      {culprits.slice(0, NAMED).map(({ name, share }) => (
        <li key={name}>
          <span class="alert-culprit">{name}</span> {shareText(share)}
        </li>
      ))}
    </ul>
  );
}
