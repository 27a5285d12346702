import { useServices } from '../services.tsx';
import { agoText, isoText, utcText } from '../state/time.ts';

interface TimeProps {
  /** Epoch seconds. */
  seconds: number;
  /** `near` leaves the day out where it is today's; `ago` counts, and moves by itself. */
  as?: 'near' | 'full' | 'clock' | 'minute' | 'ago';
}

/** A time in the viewer's zone, and in UTC for whoever points at it. */
export function Time({ seconds, as = 'near' }: TimeProps) {
  const { clock, time } = useServices();
  const text =
    as === 'ago'
      ? agoText(clock.now.value - seconds)
      : as === 'near'
        ? time.near(seconds, clock.now.peek())
        : time[as](seconds);
  return (
    <time
      dateTime={isoText(seconds)}
      title={as === 'ago' ? `${time.full(seconds)} (${utcText(seconds)})` : utcText(seconds)}
    >
      {text}
    </time>
  );
}
