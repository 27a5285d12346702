import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { z } from 'zod';
import type { Alert } from '../../../../core/contracts/alerting/alert.ts';
import { routeSchema, type NotificationRoute } from '../../../../core/contracts/alerting/notification.ts';
import {
  emptyGroup,
  groupStateSchema,
  withAlert,
  type GroupState,
} from '../../../../workers/notify/groupState.ts';
import { FLAP_DAMP_MS, plan, REFRESH_MS, type Circumstances } from '../../../../workers/notify/plan.ts';
import { alert } from '../../../support/alerts.ts';

const route = (own: Partial<z.input<typeof routeSchema>> = {}): NotificationRoute =>
  routeSchema.parse({ id: 'all', match: {}, channels: ['ops'], ...own });

/** One group over time: what happens to it, and what it has told. */
class Course {
  atMs = 0;
  state: GroupState;
  told: { at: number; kind: string; channel: string; alerts: string[]; refresh: boolean; id: string }[] = [];
  wakeAtMs: number | undefined;
  silenced = new Set<string>();
  acknowledged = new Set<string>();
  route: NotificationRoute | undefined;

  constructor(own: Parameters<typeof route>[0] = {}) {
    this.route = route(own);
    this.state = emptyGroup('all', 'agent', 'web-01');
  }

  /** @param at seconds */
  withAlert(at: number, ...alerts: Alert[]): this {
    this.until(at);
    for (const one of alerts) this.state = withAlert(this.state, one, true, this.atMs);
    return this.decide();
  }

  /** Decides whenever it asked to be woken. */
  until(at: number): this {
    while (this.wakeAtMs !== undefined && this.wakeAtMs <= at * 1000) {
      this.atMs = Math.max(this.atMs, this.wakeAtMs);
      this.decide();
    }
    this.atMs = at * 1000;
    return this;
  }

  decide(): this {
    const circumstances: Circumstances = {
      nowMs: this.atMs,
      route: this.route,
      matches: () => true,
      isHeld: ({ id }) => this.silenced.has(id),
      isAcknowledged: (id) => this.acknowledged.has(id),
      forgets: (channel) => channel === 'am',
    };
    const made = plan(this.state, circumstances);
    if (this.told.length === 0)
      expect(groupStateSchema.parse(JSON.parse(JSON.stringify(made.state)))).toEqual(made.state);
    for (const { id, channel_id, notice } of made.state.outbox)
      this.told.push({
        at: this.atMs / 1000,
        kind: notice.kind,
        channel: channel_id,
        alerts: notice.alerts.map((one) => one.id),
        refresh: notice.refresh ?? false,
        id,
      });
    this.state = { ...made.state, outbox: [] };
    this.wakeAtMs = made.wakeAfterSendingMs;
    return this;
  }

  /** `at kind>channel alerts`, one a message. */
  get lines(): string[] {
    return this.told.map(({ at, kind, channel, alerts }) => `${at} ${kind}>${channel} ${alerts.join('+')}`);
  }
}

const firing = (id: string, own: Partial<Alert> = {}) => alert({ id, ...own });
const over = (id: string, own: Partial<Alert> = {}) =>
  alert({ id, state: 'resolved', resolved_at: 1, revision: 9, ...own });

describe('one alert', () => {
  test('is told of at once, again while it fires, and when it is over', () => {
    const course = new Course({ repeat_seconds: 3600 });
    course.withAlert(0, firing('a')).withAlert(8000, over('a')).until(20_000);
    expect(course.lines).toEqual([
      '0 firing>ops a',
      '3600 still_firing>ops a',
      '7200 still_firing>ops a',
      '8000 resolved>ops a',
    ]);
    expect(new Set(course.told.map(({ id }) => id)).size).toBe(4);
  });

  test('that is over before anybody was told of it is not told of', () => {
    const course = new Course({ group_wait_seconds: 30 });
    course.withAlert(0, firing('a')).withAlert(20, over('a')).until(10_000);
    expect(course.lines).toEqual([]);
  });

  test('that is over when it is first heard of is told of once, as over, when the group tells next', () => {
    const course = new Course({ group_interval_seconds: 60 });
    course.withAlert(0, over('a')).withAlert(1, firing('a')).withAlert(10, over('b')).until(10_000);
    expect(course.lines).toEqual(['0 resolved>ops a', '60 resolved>ops b']);
    expect(course.state.members).toEqual({});
  });

  test('that was silenced, or seen to, or not to be told of as over is not told of when it is over at first', () => {
    const course = new Course();
    course.silenced.add('a');
    course.acknowledged.add('b');
    course.withAlert(0, over('a'), over('b'));
    course.silenced.clear();
    course.until(10_000);
    expect(course.lines).toEqual([]);
    expect(new Course({ send_resolved: false }).withAlert(0, over('a')).until(10_000).lines).toEqual([]);
  });

  test('that comes late, after it was over, is not told of anew', () => {
    const course = new Course();
    course.withAlert(0, firing('a')).withAlert(100, over('a')).withAlert(101, firing('a')).until(10_000);
    expect(course.lines).toEqual(['0 firing>ops a', '100 resolved>ops a']);
  });

  test('is told of once, without repetition or end, where the route says so', () => {
    const course = new Course({ repeat_seconds: 0, send_resolved: false });
    course.withAlert(0, firing('a')).withAlert(90_000, over('a')).until(200_000);
    expect(course.lines).toEqual(['0 firing>ops a']);
  });

  test('tells nothing more once its route is gone', () => {
    const course = new Course();
    course.withAlert(0, firing('a'));
    course.route = undefined;
    course.withAlert(100, over('a')).until(200_000);
    expect(course.lines).toEqual(['0 firing>ops a']);
    expect(course.state.members).toEqual({});
  });
});

describe('a group', () => {
  test('waits for others at first, and then gathers what is new', () => {
    const course = new Course({ group_wait_seconds: 30, group_interval_seconds: 300 });
    course
      .withAlert(0, firing('a'))
      .withAlert(10, firing('b'))
      .withAlert(40, firing('c'))
      .withAlert(50, over('a'))
      .until(1000);
    expect(course.lines).toEqual(['30 firing>ops a+b', '330 resolved>ops a', '330 firing>ops c']);
  });

  test('tells that the same fires anew last, and not that it is over while that waits', () => {
    const course = new Course({ group_interval_seconds: 60 });
    course
      .withAlert(0, alert({ id: 'a' }))
      .withAlert(2, over('a'))
      .withAlert(4, alert({ id: 'b', flapping: true }))
      .until(61);
    const wait = FLAP_DAMP_MS / 1000;
    expect(course.lines).toEqual(['0 firing>ops a']);
    expect(course.until(wait + 60).lines.slice(1)).toEqual([
      `${wait} resolved>ops a`,
      `${wait} firing>ops b`,
    ]);
  });

  test('of which all is over waits anew for the next', () => {
    const course = new Course({ group_wait_seconds: 30, group_interval_seconds: 60 });
    course.withAlert(0, firing('a')).withAlert(100, over('a')).withAlert(500, firing('b')).until(1000);
    expect(course.lines).toEqual(['30 firing>ops a', '100 resolved>ops a', '530 firing>ops b']);
  });

  test('tells that its alerts still fire in one message', () => {
    const course = new Course({ group_interval_seconds: 0, repeat_seconds: 3600 });
    course.withAlert(0, firing('a')).withAlert(1500, firing('b')).until(3700);
    expect(course.lines.slice(2)).toEqual(['3600 still_firing>ops a+b']);
  });

  test('of more alerts than one message has is told in several', () => {
    const course = new Course();
    course.withAlert(0, ...Array.from({ length: 120 }, (_, i) => firing(`a${i}`)));
    expect(course.told.map(({ alerts }) => alerts.length)).toEqual([50, 50, 20]);
  });

  test('is forgotten when there is nothing left to remember', () => {
    const course = new Course();
    course.withAlert(0, firing('a')).withAlert(100, over('a')).until(10_000);
    expect(course.state).toEqual({ ...emptyGroup('all', 'agent', 'web-01'), lastMessageAtMs: 100_000 });
    expect(course.wakeAtMs).toBeUndefined();
  });
});

describe('what is acknowledged', () => {
  test('is neither repeated nor escalated, and told when it is over', () => {
    const course = new Course({
      repeat_seconds: 600,
      escalate: { after_seconds: 900, channels: ['boss'] },
    });
    course.withAlert(0, firing('a')).until(700);
    course.acknowledged.add('a');
    course.withAlert(5000, over('a'));
    expect(course.lines).toEqual(['0 firing>ops a', '600 still_firing>ops a', '5000 resolved>ops a']);
  });

  test('by nobody in time goes to others, once, who are told when it is over', () => {
    const course = new Course({
      repeat_seconds: 0,
      escalate: { after_seconds: 900, channels: ['boss', 'ops'] },
    });
    course.withAlert(0, firing('a')).withAlert(5000, over('a')).until(9000);
    expect(course.lines).toEqual([
      '0 firing>ops a',
      '900 escalation>boss a',
      '900 escalation>ops a',
      '5000 resolved>ops a',
      '5000 resolved>boss a',
    ]);
  });
});

describe('what is held', () => {
  test('is told of when it is held no more, if it still fires', () => {
    const course = new Course();
    course.silenced.add('a').add('b');
    course.withAlert(0, firing('a'), firing('b')).withAlert(50, over('b')).until(100);
    expect(course.lines).toEqual([]);
    course.silenced.clear();
    course.until(200);
    expect(course.lines).toEqual(['110 firing>ops a']);
  });

  test('after it was told of is not repeated, and its end is told when it is held no more', () => {
    const course = new Course({ repeat_seconds: 60, escalate: { after_seconds: 90, channels: ['boss'] } });
    course.withAlert(0, firing('a'));
    course.silenced.add('a');
    course.withAlert(300, over('a')).until(400);
    expect(course.lines).toEqual(['0 firing>ops a']);
    course.silenced.clear();
    course.until(500);
    expect(course.lines.map((line) => line.replace(/^\d+ /, ''))).toEqual(['firing>ops a', 'resolved>ops a']);
  });
});

test('what comes and goes all the time is told of every 10 minutes at most', () => {
  const course = new Course({ group_interval_seconds: 0 });
  for (let i = 0; i < 30; i += 1)
    course
      .withAlert(i * 60, firing(`a${i}`, { flapping: i > 3 }))
      .withAlert(i * 60 + 30, over(`a${i}`, { flapping: i > 3 }));
  course.withAlert(1800, firing('last', { flapping: true })).until(3600);
  const fired = course.told.filter(({ kind }) => kind === 'firing').map(({ at, alerts }) => [at, alerts[0]]);
  const [, , , fourth] = fired;
  expect(fourth).toEqual([180, 'a3']);
  expect(fired.slice(4).map(([at]) => at)).toEqual([780, 1380, 1980]);
  expect(fired.at(-1)).toEqual([1380 + FLAP_DAMP_MS / 1000, 'last']);
});

test('a channel that forgets is told every minute, also of what is acknowledged or held, until it is over', () => {
  const course = new Course({ channels: ['am', 'ops'], repeat_seconds: 0 });
  course.withAlert(0, firing('a'));
  course.acknowledged.add('a');
  course.until(200).withAlert(230, over('a')).until(1000);
  expect(course.told.filter(({ channel }) => channel === 'am').map(({ at, kind }) => [at, kind])).toEqual([
    [0, 'firing'],
    [REFRESH_MS / 1000, 'still_firing'],
    [120, 'still_firing'],
    [180, 'still_firing'],
    [230, 'resolved'],
  ]);
  expect(course.told.filter(({ refresh }) => refresh)).toHaveLength(3);
  expect(course.told.filter(({ channel }) => channel === 'ops')).toHaveLength(2);
});

test('whoever decides the same again makes the same messages, by their ids', () => {
  const decide = () => {
    const course = new Course({ channels: ['ops', 'am'] });
    return course
      .withAlert(0, firing('a'), firing('b'))
      .until(500)
      .told.map(({ id }) => id);
  };
  expect(decide()).toEqual(decide());
  expect(new Set(decide()).size).toBe(decide().length);
});

const step = fc.record({
  after: fc.integer({ min: 0, max: 400 }),
  alert: fc.constantFrom('a', 'b', 'c', 'd'),
  what: fc.constantFrom('fires', 'updates', 'ends', 'comes late', 'silence', 'unsilence', 'acknowledge'),
  flapping: fc.boolean(),
});

test.each([
  ['without escalation', {}],
  ['with all of it', { escalate: { after_seconds: 500, channels: ['boss'] }, channels: ['ops', 'am'] }],
])(
  'whatever happens, nobody is told twice, nor of an end whose beginning was heard of and not told (%s)',
  (_, own) => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 0, max: 120 }),
        fc.constantFrom(0, 60, 300),
        (steps, group_wait_seconds, repeat_seconds) => {
          const course = new Course({ group_wait_seconds, repeat_seconds, ...own });
          const ended = new Set<string>();
          const begunUnheard = new Set(['a', 'b', 'c', 'd']);
          let [at, revision] = [0, 1];
          for (const { after, alert: id, what, flapping } of steps) {
            at += after;
            revision += 1;
            course.until(at);
            if (what === 'silence') course.silenced.add(id);
            else if (what === 'unsilence') course.silenced.delete(id);
            else if (what === 'acknowledge') course.acknowledged.add(id);
            else if (what === 'ends') {
              course.withAlert(at, over(id, { revision: 1000 + revision, flapping }));
              ended.add(id);
            } else if (what === 'comes late' || !ended.has(id)) {
              if (!ended.has(id)) begunUnheard.delete(id);
              course.withAlert(
                at,
                firing(id, what === 'comes late' ? { revision: 1 } : { revision, flapping }),
              );
            }
          }
          // In the end all is over, and nothing is held.
          course.silenced.clear();
          for (const id of ['a', 'b', 'c', 'd']) course.withAlert(at, over(id, { revision: 5000 }));
          course.until(at + 2_000);

          const channels = [...new Set(course.told.map(({ channel }) => channel))];
          const isAbout = (id: string, channel: string, kind: string) =>
            course.told.filter(
              (one) => one.channel === channel && one.kind === kind && one.alerts.includes(id),
            );
          for (const channel of channels)
            for (const id of ['a', 'b', 'c', 'd']) {
              const begun = [...isAbout(id, channel, 'firing'), ...isAbout(id, channel, 'escalation')];
              expect(isAbout(id, channel, 'firing').length).toBeLessThanOrEqual(1);
              expect(isAbout(id, channel, 'escalation').length).toBeLessThanOrEqual(1);
              const ends = isAbout(id, channel, 'resolved').length;
              if (begunUnheard.has(id)) expect([begun.length, Math.max(ends, 1)]).toEqual([0, 1]);
              else expect(ends).toBe(begun.length > 0 ? 1 : 0);
              const first = Math.min(...begun.map((one) => course.told.indexOf(one)));
              const last = course.told.indexOf(isAbout(id, channel, 'resolved')[0] ?? course.told[0]!);
              for (const one of isAbout(id, channel, 'still_firing')) {
                expect(course.told.indexOf(one)).toBeGreaterThan(first);
                expect(course.told.indexOf(one)).toBeLessThan(last);
              }
            }
          expect(new Set(course.told.map(({ id }) => id)).size).toBe(course.told.length);
          expect(course.state.members).toEqual({});
        },
      ),
      { numRuns: 150 },
    );
  },
);
