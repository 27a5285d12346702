import type { MaintenanceBody } from '../../../core/contracts/alerting/silence.ts';
import { durationField } from '../../form/duration.ts';
import { createFieldReader, type Read } from '../../form/fieldReader.ts';
import { EVERY_ALERT, matcherForm, readMatcher, type MatcherForm } from '../form/matcherForm.ts';

/** A recurring window of maintenance as it is typed. */
export interface MaintenanceForm extends MatcherForm {
  name: string;
  cron: string;
  timeZone: string;
  lasts: string;
  author: string;
  comment: string;
}

export function newMaintenance(author: string, timeZone: string): MaintenanceForm {
  return { ...EVERY_ALERT, name: '', cron: '0 3 * * sun', timeZone, lasts: '2 h', author, comment: '' };
}

export function maintenanceForm(window: MaintenanceBody): MaintenanceForm {
  const { match, name, cron, time_zone, duration_seconds, author, comment } = window;
  return {
    ...matcherForm(match),
    name,
    cron,
    timeZone: time_zone,
    lasts: durationField(duration_seconds),
    author,
    comment,
  };
}

export function readMaintenance(form: MaintenanceForm): Read<MaintenanceBody> {
  const reader = createFieldReader();
  return reader.done({
    name: form.name,
    match: readMatcher(reader, form),
    cron: form.cron,
    time_zone: form.timeZone,
    duration_seconds: reader.seconds('duration_seconds', form.lasts),
    author: form.author,
    comment: form.comment,
  });
}
