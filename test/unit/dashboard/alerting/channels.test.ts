import { describe, expect, test } from '@jest/globals';
import { CHANNEL_SECRETS, channelTargetSchema } from '../../../../core/contracts/alerting/notification.ts';
import { CHANNEL_FIELDS, KINDS } from '../../../../dashboard/alerting/channels/channelFields.ts';
import {
  channelForm,
  NEW_CHANNEL,
  readChannel,
  withTyped,
} from '../../../../dashboard/alerting/channels/channelForm.ts';
import {
  healthText,
  outcomeText,
  groupingText,
  targetText,
} from '../../../../dashboard/alerting/channels/channelText.ts';
import { NEW_ROUTE, readRoute } from '../../../../dashboard/alerting/channels/routeForm.ts';
import { newSilence, readSilence } from '../../../../dashboard/alerting/silences/silenceForm.ts';

const shapes = new Map(
  channelTargetSchema.options.map(({ shape }) => [shape.kind.value as string, Object.keys(shape)]),
);

describe('the fields of a channel', () => {
  test.each(KINDS.map(([kind]) => kind))('of the kind %s are those of the contract, secrets too', (kind) => {
    const fields = CHANNEL_FIELDS[kind];
    expect(['kind', ...fields.map(({ name }) => name)].sort()).toEqual(shapes.get(kind)?.sort());
    const secrets = fields.filter(({ type }) => type === 'secret').map(({ name }) => name);
    expect(secrets).toEqual([...CHANNEL_SECRETS[kind]]);
  });

  test('are of every kind there is', () => {
    expect(KINDS.map(([kind]) => kind as string).sort()).toEqual([...shapes.keys()].sort());
  });
});

describe('a channel that is changed', () => {
  const view = {
    id: 'ops',
    name: 'Ops',
    target: { kind: 'ntfy', url: 'https://ntfy.sh', topic: 'ops' },
  };
  const [, , token] = CHANNEL_FIELDS.ntfy;

  test('sends no secret where none is typed, so that what is set stays', () => {
    expect(readChannel(channelForm(view)).body).toEqual({ name: 'Ops', target: view.target });
  });

  test('sends the secret that is typed, and null for one that is taken away', () => {
    const form = channelForm(view);
    const typed = { ...form, typed: withTyped(form, token!, 'tk_new') };
    expect(readChannel(typed).body.target).toEqual({ ...view.target, access_token: 'tk_new' });
    expect(readChannel({ ...typed, cleared: ['access_token'] }).body.target).toEqual({
      ...view.target,
      access_token: null,
    });
  });

  test('says where it leads, and no secret', () => {
    expect(targetText({ kind: 'ntfy', target: view.target })).toBe('https://ntfy.sh · ops');
  });
});

test('a port that is no number is told at the port', () => {
  const form = { ...NEW_CHANNEL, kind: 'email' as const, typed: { 'email.port': 'smtp' } };
  expect(readChannel(form).errors).toEqual({ 'target.port': 'Must be a number' });
});

test('a route to nobody is told at its channels, and so is an escalation to nobody', () => {
  expect(readRoute({ ...NEW_ROUTE, escalates: true }).errors).toEqual({
    channels: 'Choose at least one channel',
    'escalate.channels': 'Choose at least one channel',
  });
});

test('a route is told in words', () => {
  const { body } = readRoute({ ...NEW_ROUTE, channels: ['ops'], escalates: true, escalateTo: ['boss'] });
  expect(groupingText({ ...body, id: 'a' })).toBe(
    'a message for each host; again every 4 h; after 30 min also to boss',
  );
});

test('what became of a message is told with the answer and the reason', () => {
  const delivery = {
    id: '0',
    channel_id: 'ops',
    route_id: null,
    kind: 'test' as const,
    alert_ids: [],
    created_at_ms: 0,
    finished_at_ms: 0,
  };
  expect(outcomeText({ ...delivery, state: 'delivered', attempts: 1, status: 200, detail: null })).toBe(
    'Delivered, answered 200',
  );
  expect(
    outcomeText({ ...delivery, state: 'failed', attempts: 3, status: null, detail: 'connect ECONNREFUSED' }),
  ).toBe('Failed after 3 attempts: connect ECONNREFUSED');
});

test('how a channel does is told with the reason, and for how long nothing is sent', () => {
  const health = { at_ms: 0, paused_until_ms: null, failures_in_a_row: 0, status: 503, detail: '503: busy' };
  expect(healthText(undefined, 0)).toBe('None of late');
  expect(healthText({ ...health, state: 'healthy', detail: null }, 0)).toBe('Taken');
  expect(healthText({ ...health, state: 'refused' }, 0)).toBe('Refused: 503: busy');
  expect(healthText({ ...health, state: 'failing' }, 0)).toBe('Failed, and is tried again: 503: busy');
  const paused = { ...health, state: 'paused' as const, paused_until_ms: 90_000 };
  expect(healthText(paused, 0)).toBe('Failed; nothing is sent for 1 min 30 s, or until a test: 503: busy');
  expect(healthText(paused, 90_000)).toBe('Failed, and is tried again: 503: busy');
});

describe('a silence', () => {
  const form = newSilence('Ada');

  test('lasts from now by the clock of the server, where no start is typed', () => {
    const { body, errors } = readSilence({ ...form, lasts: '2 h' }, 1_000);
    expect(errors).toEqual({});
    expect(body).toEqual({
      match: { agents: ['*'], labels: {}, rules: [], severities: [] },
      ends_at: 8_200,
      author: 'Ada',
      comment: '',
    });
  });

  test('lasts from its start where one is typed, and ends when it is said to', () => {
    const startsAt = '2026-11-28T21:30';
    const start = new Date(startsAt).getTime() / 1000;
    expect(readSilence({ ...form, startsAt, lasts: '1 h' }, 0).body).toMatchObject({
      starts_at: start,
      ends_at: start + 3_600,
    });
    expect(readSilence({ ...form, until: 'time', endsAt: startsAt }, 0).body.ends_at).toBe(start);
  });

  test('without an end that can be read is told so at its end', () => {
    expect(readSilence({ ...form, until: 'time' }, 0).errors).toEqual({
      ends_at: 'Must be a day and a time',
    });
    expect(Object.keys(readSilence({ ...form, lasts: 'long' }, 0).errors)).toEqual(['ends_at']);
  });
});
