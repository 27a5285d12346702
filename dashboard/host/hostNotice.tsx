import { Time } from '../shell/time.tsx';
import type { HostModel } from './hostModel.ts';

/** What of this page cannot be shown, why, and what to do about it. */
export function HostNotice({ model }: { model: HostModel }) {
  const withoutHistory = model.withoutHistory.value;
  const { error, value } = model.series.answer;
  if (withoutHistory !== undefined)
    return (
      <p class="notice" role="status">
        <strong>Only the last minutes and what comes in live.</strong> No history is kept. {withoutHistory}.
      </p>
    );
  if (model.host.unknown.value)
    return (
      <p class="notice" role="status">
        <strong>No host of this name has reported.</strong> It may have been forgotten, or not begun yet:{' '}
        <code>
          npm run agent -- --url {location.origin} --id {model.agent}
        </code>
      </p>
    );
  if (error.value !== undefined)
    return (
      <p class="notice" role="status">
        <strong>The history could not be read.</strong> {error.value.message}{' '}
        <button type="button" class="small-button" onClick={() => model.series.refresh()}>
          Try again
        </button>
        {value.value !== undefined && (
          <>
            {' '}
            What is shown ends at <Time seconds={value.value.to} />.
          </>
        )}
      </p>
    );
  return null;
}
