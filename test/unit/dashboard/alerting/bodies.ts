import fc from 'fast-check';
import type {
  Channel,
  ChannelTarget,
  NotificationRoute,
} from '../../../../core/contracts/alerting/notification.ts';
import {
  SEVERITIES,
  type AgentMatcher,
  type AlertCondition,
  type AlertRuleBody,
} from '../../../../core/contracts/alerting/rule.ts';
import type { AlertMatcher, MaintenanceBody } from '../../../../core/contracts/alerting/silence.ts';

// Whatever may be kept, as the API gives it: with every default filled in.

const of = (characters: string) => fc.constantFrom(...characters.split(''));
const text = (characters: string, maxLength = 12) =>
  fc.string({ unit: of(characters), minLength: 1, maxLength });

const LETTERS = 'abcxyz0189';
const id = text(`${LETTERS}_-`).map((rest) => `a${rest}`);
/** Words as people write them, with nothing at the ends that would be cut off. */
const words = text(`${LETTERS} ,=ä"<{}`).map((middle) => `A${middle}z`);
const figure = fc.double({ min: 1, max: 100, noNaN: true });
const seconds = fc.integer({ min: 0, max: 86_400 });

/** A field that may be absent: not undefined. */
function optionally<Value>(name: string, value: fc.Arbitrary<Value>): fc.Arbitrary<object> {
  return fc.oneof(
    fc.constant({}),
    value.map((one) => ({ [name]: one })),
  );
}

function together<Body>(...parts: fc.Arbitrary<object>[]): fc.Arbitrary<Body> {
  return fc.tuple(...parts).map((all) => Object.assign({}, ...all) as Body);
}

const agents: fc.Arbitrary<AgentMatcher> = fc.record({
  agents: fc.array(text(`${LETTERS}.:_-*?`), { minLength: 1, maxLength: 4 }),
  labels: fc.dictionary(text(`${LETTERS}._-`), text(`${LETTERS}._:/@+-`), {
    maxKeys: 3,
    noNullPrototype: true,
  }),
});

const match: fc.Arbitrary<AlertMatcher> = together(
  agents,
  fc.record({
    rules: fc.uniqueArray(id, { maxLength: 3 }),
    severities: fc.uniqueArray(fc.constantFrom(...SEVERITIES)),
  }),
);

const condition: fc.Arbitrary<AlertCondition> = fc.oneof(
  fc.record({ kind: fc.constant('cpu' as const), at_or_above: figure }),
  fc.record({
    kind: fc.constant('memory' as const),
    at_or_above: figure,
    unit: fc.constantFrom('percent' as const, 'mb' as const),
  }),
  fc.record({
    kind: fc.constant('process' as const),
    process: words,
    of: fc.constantFrom('cpu' as const, 'memory' as const),
    at_or_above: figure,
  }),
  fc.record({ kind: fc.constant('process_missing' as const), process: words }),
  fc.record({ kind: fc.constant('agent_silent' as const) }),
  fc.record({ kind: fc.constant('single_core_hog' as const), at_or_above: figure }),
  fc.record({
    kind: fc.constant('rate_of_change' as const),
    of: fc.constantFrom('cpu' as const, 'memory_percent' as const, 'memory_mb' as const),
    at_or_above: figure,
    within_seconds: fc.integer({ min: 1, max: 900 }),
  }),
);

/** Only what compares a figure has something to fall below. */
const conditionAndEnd: fc.Arbitrary<object> = condition.chain((one) =>
  'at_or_above' in one
    ? optionally('resolve_below', fc.double({ min: 0, max: one.at_or_above, noNaN: true }).map(Math.abs)).map(
        (end): object => ({ condition: one, ...end }),
      )
    : fc.constant<object>({ condition: one }),
);

export const anyRule: fc.Arbitrary<AlertRuleBody> = together(
  conditionAndEnd,
  fc.record({
    name: words,
    enabled: fc.boolean(),
    severity: fc.constantFrom(...SEVERITIES),
    for_seconds: seconds,
    keep_firing_for_seconds: seconds,
    match: agents,
    exempt: fc.boolean(),
  }),
  optionally('family', id),
  optionally('summary', words),
);

export const anyMaintenance: fc.Arbitrary<MaintenanceBody> = fc.record({
  name: words,
  match,
  cron: fc.constantFrom('0 3 * * sun', '*/5 * * * *'),
  time_zone: fc.constantFrom('UTC', 'Europe/Berlin'),
  duration_seconds: fc.integer({ min: 60, max: 604_800 }),
  author: words,
  comment: fc.oneof(fc.constant(''), words),
});

export const anyRoute: fc.Arbitrary<Omit<NotificationRoute, 'id'>> = together(
  fc.record({
    match,
    channels: fc.uniqueArray(id, { minLength: 1, maxLength: 3 }),
    group_by: fc.constantFrom('agent' as const, 'rule' as const, 'alert' as const, 'all' as const),
    group_wait_seconds: seconds,
    group_interval_seconds: seconds,
    repeat_seconds: seconds,
    send_resolved: fc.boolean(),
  }),
  optionally(
    'escalate',
    fc.record({
      after_seconds: fc.integer({ min: 1, max: 86_400 }),
      channels: fc.uniqueArray(id, { minLength: 1, maxLength: 3 }),
    }),
  ),
);

const url = fc.constantFrom('https://hooks.example.com/a?b=c', 'http://10.0.0.7:9000/');
const secret = words;
const kind = <Kind extends ChannelTarget['kind']>(name: Kind) => fc.constant({ kind: name });

const target: fc.Arbitrary<ChannelTarget> = fc.oneof(
  together<ChannelTarget>(kind('webhook'), fc.record({ url, secret: fc.constant('whsec_c2VjcmV0') })),
  together<ChannelTarget>(kind('slack'), fc.record({ url })),
  together<ChannelTarget>(kind('discord'), fc.record({ url })),
  together<ChannelTarget>(kind('telegram'), fc.record({ bot_token: secret, chat_id: words, api_url: url })),
  together<ChannelTarget>(kind('ntfy'), fc.record({ url, topic: id }), optionally('access_token', secret)),
  together<ChannelTarget>(kind('pagerduty'), fc.record({ routing_key: secret, url })),
  together<ChannelTarget>(kind('alertmanager'), fc.record({ url })),
  together<ChannelTarget>(
    kind('email'),
    fc.record({
      host: fc.constant('mail.example.com'),
      port: fc.integer({ min: 1, max: 65_535 }),
      secure: fc.boolean(),
      from: fc.constant('topline@example.com'),
      to: fc.array(fc.constantFrom('a@example.com', 'b@example.com'), { minLength: 1, maxLength: 3 }),
    }),
    optionally('username', words),
    optionally('password', secret),
  ),
);

export const anyChannel: fc.Arbitrary<Omit<Channel, 'id'>> = fc.record({ name: words, target });
