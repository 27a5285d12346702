import type { NotificationRoute } from '../../../core/contracts/alerting/notification.ts';
import { durationField } from '../../form/duration.ts';
import { createFieldReader, type Read } from '../../form/fieldReader.ts';
import { EVERY_ALERT, matcherForm, readMatcher, type MatcherForm } from '../form/matcherForm.ts';

/** A route as it is typed. */
export interface RouteForm extends MatcherForm {
  id: string;
  channels: string[];
  groupBy: NotificationRoute['group_by'];
  groupWait: string;
  groupInterval: string;
  repeat: string;
  sendResolved: boolean;
  escalates: boolean;
  escalateAfter: string;
  escalateTo: string[];
}

export const NEW_ROUTE: RouteForm = {
  ...EVERY_ALERT,
  id: '',
  channels: [],
  groupBy: 'agent',
  groupWait: '0 s',
  groupInterval: '1 min',
  repeat: '4 h',
  sendResolved: true,
  escalates: false,
  escalateAfter: '30 min',
  escalateTo: [],
};

export function routeForm(route: NotificationRoute): RouteForm {
  const { id, match, channels, group_by, send_resolved, escalate } = route;
  return {
    ...NEW_ROUTE,
    ...matcherForm(match),
    id,
    channels: [...channels],
    groupBy: group_by,
    groupWait: durationField(route.group_wait_seconds),
    groupInterval: durationField(route.group_interval_seconds),
    repeat: durationField(route.repeat_seconds),
    sendResolved: send_resolved,
    ...(escalate === undefined
      ? {}
      : {
          escalates: true,
          escalateAfter: durationField(escalate.after_seconds),
          escalateTo: [...escalate.channels],
        }),
  };
}

export function readRoute(form: RouteForm): Read<Omit<NotificationRoute, 'id'>> {
  const reader = createFieldReader();
  if (form.channels.length === 0) reader.refuse('channels', 'Choose at least one channel');
  if (form.escalates && form.escalateTo.length === 0)
    reader.refuse('escalate.channels', 'Choose at least one channel');
  return reader.done({
    match: readMatcher(reader, form),
    channels: form.channels,
    group_by: form.groupBy,
    group_wait_seconds: reader.seconds('group_wait_seconds', form.groupWait),
    group_interval_seconds: reader.seconds('group_interval_seconds', form.groupInterval),
    repeat_seconds: reader.seconds('repeat_seconds', form.repeat),
    send_resolved: form.sendResolved,
    ...(form.escalates
      ? {
          escalate: {
            after_seconds: reader.seconds('escalate.after_seconds', form.escalateAfter),
            channels: form.escalateTo,
          },
        }
      : {}),
  });
}
