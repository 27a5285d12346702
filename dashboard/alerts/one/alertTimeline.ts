import type { Delivery } from '../../../core/contracts/alerting/notification.ts';
import type { AlertEntry } from '../../../core/contracts/alerting/record.ts';
import type { AlertDetail } from '../../../core/contracts/alerting/views.ts';

/** Something that happened about an alert, in words. */
export interface Event {
  key: string;
  /** Epoch ms, by the server's clock. */
  atMs: number;
  what: string;
  /** What more is known of it. */
  detail: string | undefined;
  /** How it went: what went wrong stands out. */
  mood: 'bad' | 'good' | 'plain';
}

const ENTRY_WORDS: Record<AlertEntry['kind'], string> = {
  firing: 'Firing',
  no_data: 'No data from the host any more',
  resolved: 'Resolved',
  acknowledged: 'Acknowledged',
  unacknowledged: 'The acknowledgement was taken back',
};

const ENTRY_MOODS: Partial<Record<AlertEntry['kind'], Event['mood']>> = {
  firing: 'bad',
  no_data: 'bad',
  resolved: 'good',
};

const NOTIFICATION_WORDS: Record<Delivery['kind'], string> = {
  firing: 'firing',
  still_firing: 'still firing',
  resolved: 'resolved',
  escalation: 'not acknowledged',
  test: 'a test',
};

const DELIVERY_WORDS: Record<Delivery['state'], string> = {
  delivered: 'Notified',
  failed: 'Could not notify',
  waiting: 'About to notify',
  superseded: 'Did not notify',
};

function eventOfEntry({ kind, at_ms, by, detail }: AlertEntry, index: number): Event {
  const note = typeof detail['note'] === 'string' && detail['note'] !== '' ? detail['note'] : undefined;
  return {
    key: `entry ${index}`,
    atMs: at_ms,
    what: by === null ? ENTRY_WORDS[kind] : `${ENTRY_WORDS[kind]} by ${by}`,
    detail: note,
    mood: ENTRY_MOODS[kind] ?? 'plain',
  };
}

function eventOfDelivery(delivery: Delivery): Event {
  const { id, channel_id, kind, state, created_at_ms } = delivery;
  return {
    key: id,
    atMs: created_at_ms,
    what: `${DELIVERY_WORDS[state]} ${channel_id}: ${NOTIFICATION_WORDS[kind]}`,
    detail: outcomeOf(delivery),
    mood: state === 'failed' ? 'bad' : 'plain',
  };
}

/** What became of a message: `delivered after 0.2 s`, `failed at the 3rd attempt: 404 …`. */
export function outcomeOf({
  state,
  attempts,
  status,
  detail,
  created_at_ms,
  finished_at_ms,
}: Delivery): string {
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  const why = [status ?? undefined, detail ?? undefined].filter((one) => one !== undefined).join(' ');
  if (state === 'delivered') {
    const seconds = ((finished_at_ms ?? created_at_ms) - created_at_ms) / 1000;
    return `delivered after ${seconds.toFixed(1)} s${attempts > 1 ? `, ${tries}` : ''}`;
  }
  if (state === 'superseded') return 'not sent: something newer was';
  if (state === 'failed') return `failed, ${tries}${why === '' ? '' : `: ${why}`}`;
  return attempts === 0 ? 'waiting' : `waiting, ${tries} so far${why === '' ? '' : `: ${why}`}`;
}

/** What happened to an alert and who was notified of it, oldest first. */
export function timelineOf({ timeline, deliveries }: Pick<AlertDetail, 'timeline' | 'deliveries'>): Event[] {
  return [...timeline.map(eventOfEntry), ...deliveries.map(eventOfDelivery)].sort((a, b) => a.atMs - b.atMs);
}
