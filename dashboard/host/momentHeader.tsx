import { useServices } from '../services.tsx';
import { durationText, isoText, utcText } from '../state/time.ts';
import type { HostModel } from './hostModel.ts';

const WORDS = {
  pinned: 'held on to',
  cursor: 'under the cursor',
  now: 'now',
  end: 'end of the range',
} as const;

/** Of which moment the table speaks, how that was chosen, and whether the host was heard of then. */
export function MomentHeader({ model }: { model: HostModel }) {
  const { time, clock, link } = useServices();
  const { kind, wanted, shown } = model.moment;
  const moment = shown.value;
  const snapshot = moment?.snapshot;
  const isNow = kind.value === 'now';
  const state = model.host.agent.value?.state ?? 'online';
  const reports = link.state.value === 'live' && state === 'online';
  // Now is the time of the newest snapshot: what is shown is from then.
  const seconds = isNow ? (snapshot?.timestamp ?? wanted.value) : wanted.value;
  const age = snapshot === undefined ? 0 : (moment?.time ?? 0) - snapshot.timestamp;
  return (
    <div class="panel-head">
      <h2 id="moment-title">
        Processes at{' '}
        <time class="moment-time" dateTime={isoText(seconds)} title={utcText(seconds)}>
          {time.near(seconds, clock.now.peek())}
        </time>
      </h2>
      <span class="moment-kind" data-kind={kind.value}>
        {isNow && !reports ? 'last heard' : WORDS[kind.value]}
      </span>
      {moment !== undefined && snapshot !== undefined && !moment.held && !isNow && (
        <span class="moment-gap">nothing heard for {durationText(age)}</span>
      )}
      {kind.value === 'pinned' && (
        <button type="button" class="small-button" onClick={() => model.change({ at: undefined })}>
          Let go <kbd>Esc</kbd>
        </button>
      )}
    </div>
  );
}
