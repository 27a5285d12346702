import { useServices } from '../services.tsx';
import { utcText } from '../state/time.ts';
import type { HostModel } from './hostModel.ts';
import { sourceText } from './sourceText.ts';
import { RANGES } from './timeSpan.ts';

/** Which time is shown, and how fine: ranges that end now, or a stretch of one's own and the way back. */
export function RangeBar({ model }: { model: HostModel }) {
  const { range } = model.view.value;
  const answer = model.series.answer.value.value;
  const isOwn = typeof range === 'object';
  return (
    <div class="range-bar">
      <span class="segments" role="group" aria-label="Time range">
        {RANGES.map(({ name, text }) => (
          <button
            key={name}
            type="button"
            aria-pressed={range === name}
            onClick={() => model.change({ range: name, at: undefined }, { push: true })}
          >
            {text}
          </button>
        ))}
      </span>
      {isOwn && (
        <button
          type="button"
          class="small-button"
          onClick={() => model.change({ range: '1h', at: undefined }, { push: true })}
        >
          Back to now
        </button>
      )}
      <SpanText model={model} />
      <span class="source" data-loading={model.series.answer.loading.value}>
        {answer === undefined ? '' : sourceText(answer)}
      </span>
    </div>
  );
}

function SpanText({ model }: { model: HostModel }) {
  const { time, clock } = useServices();
  const { from, to } = model.span.value;
  const now = clock.now.peek();
  return (
    <span class="span-text" title={`${utcText(from)} – ${utcText(to)}`}>
      {time.near(from, now)} – {time.day(from) === time.day(to) ? '' : `${time.day(to)}, `}
      {time.clock(to)}
    </span>
  );
}
