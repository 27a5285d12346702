import type { SilenceBody } from '../../../core/contracts/alerting/silence.ts';
import { createFieldReader, type Read } from '../../form/fieldReader.ts';
import { EVERY_ALERT, readMatcher, type MatcherForm } from '../form/matcherForm.ts';

/** A silence as it is typed; times are those of the viewer's zone. */
export interface SilenceForm extends MatcherForm {
  /** Empty: now. */
  startsAt: string;
  until: 'duration' | 'time';
  lasts: string;
  endsAt: string;
  author: string;
  comment: string;
}

export function newSilence(author: string): SilenceForm {
  return { ...EVERY_ALERT, startsAt: '', until: 'duration', lasts: '1 h', endsAt: '', author, comment: '' };
}

/** What the form says, as the API takes it. A duration begins at the start, or at the server's `now` (epoch seconds). */
export function readSilence(form: SilenceForm, now: number): Read<SilenceBody> {
  const reader = createFieldReader();
  const time = (place: string, text: string) => {
    const seconds = secondsOfTime(text);
    if (seconds === undefined) reader.refuse(place, 'Must be a day and a time');
    return seconds ?? NaN;
  };
  const startsAt = form.startsAt === '' ? undefined : time('starts_at', form.startsAt);
  return reader.done({
    match: readMatcher(reader, form),
    ...(startsAt === undefined ? {} : { starts_at: startsAt }),
    ends_at:
      form.until === 'time'
        ? time('ends_at', form.endsAt)
        : (startsAt ?? now) + reader.seconds('ends_at', form.lasts),
    author: form.author,
    comment: form.comment,
  });
}

/** Epoch seconds of what a field for day and time has: `2026-11-28T21:30`, in the browser's zone. */
export function secondsOfTime(text: string): number | undefined {
  const ms = /^\d{4,6}-\d\d-\d\dT\d\d:\d\d/.test(text) ? new Date(text).getTime() : NaN;
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}
