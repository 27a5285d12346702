import type { SilenceView } from '../../../core/contracts/alerting/views.ts';
import { useServices } from '../../services.tsx';
import { Time } from '../../shell/time.tsx';
import { durationText } from '../../state/time.ts';
import { ConfirmButton } from '../../form/confirmButton.tsx';
import { matcherText } from '../form/matcherForm.ts';

interface SilenceTableProps {
  silences: readonly SilenceView[];
  canChange: boolean;
  busy: boolean;
  onEnd(silence: SilenceView): void;
}

export function SilenceTable(props: SilenceTableProps) {
  return (
    <table class="listed">
      <thead>
        <tr>
          <th scope="col">Silenced</th>
          <th scope="col">State</th>
          <th scope="col">By</th>
          {props.canChange && <th scope="col">Act</th>}
        </tr>
      </thead>
      <tbody>
        {props.silences.map((silence) => (
          <SilenceRow key={silence.id} silence={silence} {...props} />
        ))}
      </tbody>
    </table>
  );
}

function SilenceRow({ silence, canChange, busy, onEnd }: SilenceTableProps & { silence: SilenceView }) {
  const { match, author, comment, state } = silence;
  const what = matcherText(match);
  return (
    <tr>
      <th scope="row">{what}</th>
      <td>
        <SilenceState silence={silence} />
      </td>
      <td>
        {author}
        {comment !== '' && <span class="listed-note">{comment}</span>}
      </td>
      {canChange && (
        <td>
          {state !== 'over' && (
            <div class="row-buttons">
              <ConfirmButton
                text="End now"
                of={`the silence of ${what}`}
                question={`End the silence of ${author}? What still fires is notified then.`}
                disabled={busy}
                onConfirm={() => onEnd(silence)}
              />
            </div>
          )}
        </td>
      )}
    </tr>
  );
}

/** By the server's clock; the words move with it. */
function SilenceState({ silence: { state, starts_at, ends_at } }: { silence: SilenceView }) {
  const { clock } = useServices();
  const now = clock.now.value;
  if (state === 'over' || ends_at <= now)
    return (
      <>
        Over since <Time seconds={ends_at} />
      </>
    );
  if (starts_at > now)
    return (
      <>
        Begins <Time seconds={starts_at} />, for {durationText(ends_at - starts_at)}
      </>
    );
  return (
    <>
      <span data-level="good">Active</span>, {durationText(ends_at - now)} left
      <span class="listed-note">
        until <Time seconds={ends_at} />
      </span>
    </>
  );
}
