import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startReceiver } from '../../support/receiver.ts';
import type { FaultCase, Findings } from '../case.ts';
import { compareMessages, jobsLeft, messagesOf, readRecorded } from '../messages.ts';
import type { Random } from '../random.ts';
import type { Stand } from '../stand.ts';
import { mixedKills } from './chaos.ts';
import { someFailpoint } from './workers.ts';

/** Every place at which a worker can die with a message half sent. */
const NOTIFICATION_FAILPOINTS = [
  'notify.begin',
  'notify.recorded',
  'notify.decided',
  'notify.dispatched',
  'notify.done',
  'deliver.begin',
  'deliver.sending',
  'deliver.sent',
  'deliver.noted',
  'deliver.done',
  'record.begin',
  'record.done',
] as const;

/** The receiver refuses a message now and then, as receivers do. */
const REFUSED_ONE_IN = 20;

/** What a worker that died had in hand comes back after 10 s, and a refused message after seconds. */
const TOLD_WITHIN_MS = 90_000;

const SETTINGS = (url: string) => `channels:
  - id: ops
    name: The receiver
    target: { kind: webhook, url: '${url}', secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw }
routes:
  - id: all
    match: {}
    channels: [ops]
    group_by: alert
    group_interval_seconds: 0
    repeat_seconds: 0
`;

function someNotificationFailpoint(random: Random): string {
  if (random.chance(0.4)) return someFailpoint(random);
  return `${random.pick(NOTIFICATION_FAILPOINTS)}=kill@${random.between(1, 10)}`;
}

export const notificationsKilled: FaultCase = {
  row: 'notifications',
  name: 'kills of everything while alerts are sent to a receiver that refuses some messages',
  async run(context) {
    const { random, ground } = context;
    const taken = new Set<number>();
    const receiver = await startReceiver((_, before) => {
      if (random.chance(1 / REFUSED_ONE_IN)) return { status: 503 };
      taken.add(before);
      return { status: 200 };
    });
    const file = join(ground.directory, 'alerts.yaml');
    await writeFile(file, SETTINGS(receiver.url));

    async function atRest(stand: Stand, { problems, figures }: Findings): Promise<void> {
      const events = await stand.admin.zcard('alerts:timeline');
      const endsAt = Date.now() + TOLD_WITHIN_MS;
      let found: string[];
      do {
        await delay(500);
        const recorded = await readRecorded(stand.dsn);
        const messages = messagesOf(receiver.received.filter((_, place) => taken.has(place)));
        found = compareMessages(recorded, messages, events);
        const left = await jobsLeft(stand.admin);
        if (left > 0) found.push(`${left} jobs are left`);
        Object.assign(figures, {
          'alerts notified': recorded.alerts.length,
          messages: taken.size,
          'sent again under the same id':
            taken.size - [...messages.values()].reduce((sum, ids) => sum + ids.size, 0),
        });
      } while (found.length > 0 && Date.now() < endsAt);
      problems.push(...found.slice(0, 10));
      if (events === 0) problems.push('no alert fired: this proves nothing');
    }

    try {
      return await mixedKills(context, {
        kills: Math.ceil(context.kills / (context.quick ? 4 : 1)),
        between: 150,
        workerFailpoint: someNotificationFailpoint,
        options: {
          workers: [
            'timeline,persist,alerts',
            'timeline,persist,alerts',
            'notify,deliver,record',
            'notify,deliver,record',
          ],
          env: { ALERT_RULES_FILE: file, ALERT_ALLOWED_HOSTS: '127.0.0.1' },
        },
        atRest,
      });
    } finally {
      await receiver.close();
    }
  },
};
