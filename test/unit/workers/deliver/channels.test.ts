import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import type { z } from 'zod';
import type { Notice } from '../../../../core/contracts/alerting/notice.ts';
import { channelTargetSchema, type ChannelKind } from '../../../../core/contracts/alerting/notification.ts';
import { createConnections, type Connections } from '../../../../workers/deliver/filteredAgents.ts';
import { send } from '../../../../workers/deliver/send.ts';
import { alert, notice, resolved } from '../../../support/alerts.ts';
import { startMailReceiver, startReceiver, type Receiver } from '../../../support/receiver.ts';
import {
  alertmanagerSchema,
  discordSchema,
  ntfySchema,
  pagerdutySchema,
  slackSchema,
  telegramSchema,
} from '../../../support/vendorSchemas.ts';

const ID = '0123456789abcdef0123456789abcdef';
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const BOT_TOKEN = '123:secret-of-the-bot';
const ROUTING_KEY = 'R0123456789abcdef0123456789abcde';

/** What a process may call itself. */
const HOSTILE =
  '<!channel> & "quo\'te" </td><script>alert(1)</script> *b* _i_ `c` [x](http://evil) @everyone \u202e\r\nBcc: x';

let receiver: Receiver;
let connections: Connections;

beforeAll(async () => {
  receiver = await startReceiver();
  connections = createConnections(['127.0.0.1']);
});
afterAll(async () => {
  connections.close();
  await receiver.close();
});
beforeEach(() => void receiver.received.splice(0));

/** Every kind of channel that is a POST, told to send to the receiver. */
const targets: Record<Exclude<ChannelKind, 'email'>, () => Record<string, unknown>> = {
  webhook: () => ({ url: `${receiver.url}/hook`, secret: SECRET }),
  slack: () => ({ url: `${receiver.url}/services/T/B/x` }),
  discord: () => ({ url: `${receiver.url}/api/webhooks/1/x` }),
  telegram: () => ({ bot_token: BOT_TOKEN, chat_id: '-100', api_url: receiver.url }),
  ntfy: () => ({ url: receiver.url, topic: 'ops', access_token: 'tk_1' }),
  pagerduty: () => ({ url: `${receiver.url}/v2/enqueue`, routing_key: ROUTING_KEY }),
  alertmanager: () => ({ url: receiver.url }),
};

const schemas: Partial<Record<ChannelKind, z.ZodType>> = {
  slack: slackSchema,
  discord: discordSchema,
  telegram: telegramSchema,
  ntfy: ntfySchema,
  pagerduty: pagerdutySchema,
  alertmanager: alertmanagerSchema,
};

type Kind = keyof typeof targets;
const KINDS = Object.keys(targets) as Kind[];

async function sendTo(kind: Kind, sent: Notice, publicUrl: string | undefined = 'https://topline.example') {
  const target = channelTargetSchema.parse({ kind, ...targets[kind]() });
  const message = { id: ID, notice: sent, nowMs: Date.now(), publicUrl };
  const outcome = await send({ id: 'ops', name: 'Ops', target }, message, connections);
  expect(outcome).toMatchObject({ result: 'delivered', status: 200 });
  return receiver.received.map(({ path, headers, body }) => ({
    path,
    headers,
    body,
    json: JSON.parse(body) as Record<string, unknown>,
  }));
}

/** A group as large as one message has it, of alerts that say as much as they may. */
const LARGEST = notice({
  kind: 'still_firing',
  alerts: Array.from({ length: 50 }, (_, i) =>
    alert({
      id: `cpu-hot:${'a'.repeat(120)}-${i}:1`,
      agent_id: `${'a'.repeat(120)}-${i}`,
      rule_name: 'n'.repeat(128),
      summary: '<&'.repeat(250),
      flapping: true,
      no_data_since: 1_707_667_300,
      labels: Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`key-${n}`, 'v'.repeat(64)])),
      culprits: Array.from({ length: 5 }, (_, n) => ({
        name: HOSTILE.repeat(2) + n,
        pid: n,
        cpu_seconds: 1,
        share: 0.2,
        peak_cpu_percent: 1,
        peak_memory_mb: 1,
      })),
    }),
  ),
});

const NOTICES: [string, Notice][] = [
  ['fires', notice()],
  ['still fires', notice({ kind: 'still_firing', alerts: [alert({ no_data_since: 1_707_667_300 })] })],
  ['is over', notice({ kind: 'resolved', alerts: [resolved()] })],
  ['was not acknowledged', notice({ kind: 'escalation', alerts: [alert(), alert({ agent_id: 'web-02' })] })],
  ['is a test', notice({ kind: 'test', route_id: null, group: '' })],
  [
    'is about nothing that has a figure',
    notice({
      alerts: [alert({ unit: 'none', threshold: null, value: null, peak: null, culprits: [], labels: {} })],
    }),
  ],
  ['names hostile processes', notice({ alerts: [alert({ summary: HOSTILE, rule_name: HOSTILE })] })],
  ['is as large as can be', LARGEST],
];

describe.each(KINDS.filter((kind) => kind !== 'webhook'))('%s', (kind) => {
  test.each(NOTICES)('takes a message about what %s, with a link and without', async (_, sent) => {
    const requests = [...(await sendTo(kind, sent)), ...(await sendTo(kind, sent, undefined))];
    for (const { json, headers } of requests) {
      expect(schemas[kind]?.parse(json)).toEqual(json);
      expect(headers['content-type']).toBe('application/json');
    }
  });
});

test('a webhook is signed as Standard Webhooks says, and carries the whole alert', async () => {
  const [request] = await sendTo('webhook', notice({ kind: 'resolved', alerts: [resolved()] }));
  const verified = new Webhook(SECRET).verify(
    request?.body ?? '',
    request?.headers as Record<string, string>,
  );
  expect(request?.headers['webhook-id']).toBe(ID);
  expect(verified).toMatchObject({
    type: 'alert.resolved',
    timestamp: '2024-02-11T16:00:10.130Z',
    data: {
      title: 'Resolved: CPU is hot on web-01',
      route_id: 'all',
      alerts: [{ ...resolved(), link: 'https://topline.example/hosts/web-01?at=1707667210' }],
    },
  });
  const forged = (request?.body ?? '').replace('web-01', 'web-02');
  expect(() => new Webhook(SECRET).verify(forged, request?.headers as Record<string, string>)).toThrow();
});

test.each(KINDS)(
  '%s names the culprit, the figures, how long it fired, the host and its labels',
  async (kind) => {
    const requests = await sendTo(kind, notice());
    const { body } = requests[0] ?? {};
    for (const part of ['web-01', 'ffmpeg', '94.5', '90', '98', 'prod', '/hosts/web-01?at=1707667210'])
      // Discord has a backslash before a mark.
      expect(body?.replaceAll('\\\\', '')).toContain(part);
  },
);

test.each(KINDS.filter((kind) => kind !== 'webhook' && kind !== 'pagerduty'))(
  '%s says of what is over how long it fired, its peak, and whose it was',
  async (kind) => {
    const requests = await sendTo(kind, notice({ kind: 'resolved', alerts: [resolved()] }));
    expect(requests[0]?.body.replaceAll('\\\\', '')).toContain('fired 6m12s, peak 98 %, 81 % of it ffmpeg');
  },
);

const FORGED = 'x\r\nHost: db-01\u2028Severity: info\u0085\u202egnp.exe';

test.each(['ntfy', 'telegram', 'discord', 'slack'] as const)(
  '%s gets no line and no direction of the making of a process',
  async (kind) => {
    const [culprit] = alert().culprits;
    const forging = alert({
      rule_name: FORGED,
      summary: FORGED,
      labels: { env: FORGED },
      culprits: culprit ? [{ ...culprit, name: FORGED }] : [],
    });
    for (const own of [
      notice({ alerts: [forging] }),
      notice({ kind: 'still_firing', alerts: [forging, forging] }),
    ]) {
      const requests = await sendTo(kind, own);
      receiver.received.splice(0);
      const text = JSON.stringify(requests.map(({ json }) => json));
      expect(text).not.toMatch(/[\u2028\u202e\u0085]|\\r|\\nHost: db|\\nSeverity: info/);
    }
  },
);

test('ntfy takes the largest message: it is measured as it is sent', async () => {
  const bells = '\u0007'.repeat(2_000);
  for (const name of [bells, '"\\'.repeat(2_000), '\u{1f514}'.repeat(2_000)]) {
    const [request] = await sendTo('ntfy', notice({ alerts: [alert({ summary: name.repeat(3) })] }));
    expect(Buffer.byteLength(request?.body ?? '')).toBeLessThanOrEqual(4_800);
    receiver.received.splice(0);
  }
});

test('Slack gets what a process calls itself as plain text, and escaped where there is no such thing', async () => {
  const [request] = await sendTo(
    'slack',
    notice({ alerts: [alert({ rule_name: HOSTILE, summary: HOSTILE })] }),
  );
  const { text, blocks } = slackSchema.parse(request?.json);
  expect(text).not.toContain('<!channel>');
  expect(text).toContain('&lt;!channel&gt; &amp;');
  const marked = JSON.stringify(blocks.filter(({ type }) => type === 'context'));
  expect(marked).not.toContain('!channel');
});

test('Discord calls nobody, and shows marks as they are', async () => {
  const [request] = await sendTo('discord', notice({ alerts: [alert({ summary: HOSTILE })] }));
  const { embeds, allowed_mentions } = discordSchema.parse(request?.json);
  expect(allowed_mentions).toEqual({ parse: [] });
  expect(embeds[0]?.description).toContain('\\*b\\* \\_i\\_ \\`c\\` \\[x\\]\\(http\\://evil\\) \\@everyone');
});

test('Telegram gets HTML in which nothing of a process is a tag, and the token in the path alone', async () => {
  const [request] = await sendTo('telegram', notice({ alerts: [alert({ summary: HOSTILE })] }));
  expect(request?.path).toBe(`/bot${BOT_TOKEN}/sendMessage`);
  const { text } = telegramSchema.parse(request?.json);
  expect(text.match(/<[^>]*>/g)).toEqual([
    '<b>',
    '</b>',
    '<a href="https://topline.example/hosts/web-01?at=1707667210">',
    '</a>',
  ]);
  expect(request?.body).not.toContain(BOT_TOKEN);
});

test('the largest message fits into what Telegram takes once its entities are read', async () => {
  const [request] = await sendTo('telegram', LARGEST);
  const read = telegramSchema
    .parse(request?.json)
    .text.replace(/<[^>]*>/g, '')
    .replace(/&(amp|lt|gt|quot|#39);/g, '.');
  expect(read.length).toBeLessThanOrEqual(4096);
});

test('ntfy is told who may publish, and which message it is', async () => {
  const [request] = await sendTo('ntfy', notice());
  expect(request?.headers.authorization).toBe('Bearer tk_1');
  expect(request?.json).toMatchObject({ sequence_id: ID, priority: 5 });
});

test('PagerDuty opens and closes an incident by the id of the alert, one for each; a test closes what it opens', async () => {
  const two = [alert(), alert({ agent_id: 'web-02' })];
  const opened = await sendTo('pagerduty', notice({ alerts: two }));
  expect(opened.map(({ json }) => [json['event_action'], json['dedup_key']])).toEqual(
    two.map(({ id }) => ['trigger', id]),
  );
  receiver.received.splice(0);
  const closed = await sendTo('pagerduty', notice({ kind: 'resolved', alerts: [resolved()] }));
  expect(closed.map(({ json }) => [json['event_action'], json['dedup_key']])).toEqual([
    ['resolve', two[0]?.id],
  ]);
  receiver.received.splice(0);
  const tested = await sendTo('pagerduty', notice({ kind: 'test' }));
  expect(tested.map(({ json }) => json['event_action'])).toEqual(['trigger', 'resolve']);
});

test('Alertmanager gets the same labels while it fires and when it is over, and an end in the future until then', async () => {
  const [firing] = await sendTo('alertmanager', notice());
  receiver.received.splice(0);
  const [over] = await sendTo('alertmanager', notice({ kind: 'resolved', alerts: [resolved()] }));
  const [before] = alertmanagerSchema.parse(firing?.json);
  const [after] = alertmanagerSchema.parse(over?.json);
  expect(firing?.path).toBe('/api/v2/alerts');
  expect(after?.labels).toEqual(before?.labels);
  expect(after?.startsAt).toBe(before?.startsAt);
  expect(Date.parse(before?.endsAt ?? '')).toBeGreaterThan(Date.now() + 240_000);
  expect(after?.endsAt).toBe('2024-02-11T16:06:22.000Z');
});

test.each(['alertmanager', 'pagerduty', 'ntfy'] as const)(
  '%s is told the time of the server, where the clock of the agent is 7 min ahead',
  async (kind) => {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const aheadBy = 420;
    const ahead = alert({
      started_at: nowSeconds + aheadBy - 40,
      fired_at: nowSeconds + aheadBy - 10,
      last_sample_at: nowSeconds + aheadBy,
      decided_at_ms: nowSeconds * 1000,
    });
    const [request] = await sendTo(kind, notice({ kind: 'still_firing', alerts: [ahead] }));
    const firedAt = new Date((nowSeconds - 10) * 1000).toISOString();
    const since = `${new Date((nowSeconds - 40) * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
    expect(request?.body).toContain(kind === 'ntfy' ? since : firedAt);
    expect(request?.body).toMatch(/firing for 1[0-9]s/);
    if (kind !== 'alertmanager') return;
    receiver.received.splice(0);
    const over = { ...ahead, state: 'resolved' as const, resolved_at: nowSeconds + aheadBy };
    const [ended] = await sendTo(kind, notice({ kind: 'resolved', alerts: [over] }));
    const [told] = alertmanagerSchema.parse(ended?.json);
    expect([told?.startsAt, told?.endsAt]).toEqual([firedAt, new Date(nowSeconds * 1000).toISOString()]);
  },
);

describe('e-mail', () => {
  const mailTo = (port: number) =>
    channelTargetSchema.parse({
      kind: 'email',
      host: '127.0.0.1',
      port,
      from: 'topline@example.org',
      to: ['ops@example.org', 'boss@example.org'],
    });
  const mail = (port: number, sent: Notice) =>
    send(
      { id: 'mail', name: 'Mail', target: mailTo(port) },
      { id: ID, notice: sent, nowMs: Date.now(), publicUrl: 'https://topline.example' },
      connections,
    );

  test('goes to all, as text and as HTML in which nothing of a process is a tag, and no header of its making', async () => {
    const smtp = await startMailReceiver();
    try {
      const hostile = notice({ alerts: [alert({ rule_name: HOSTILE, summary: HOSTILE })] });
      expect(await mail(smtp.port, hostile)).toEqual({ result: 'delivered', status: null });
      const [one] = smtp.received;
      expect(one).toMatchObject({
        from: 'topline@example.org',
        to: ['ops@example.org', 'boss@example.org'],
      });
      const [headers = ''] = one?.text.split('\r\n\r\n') ?? [];
      expect(headers).toContain(`Message-ID: <${ID}@example.org>`);
      expect(headers).toContain('multipart/alternative');
      expect(headers).not.toMatch(/^Bcc:/m);
      const html = one?.text.slice(one.text.indexOf('Content-Type: text/html')).replaceAll('=\r\n', '');
      expect(html).not.toContain('<script>');
      expect(html).toContain('&lt;script&gt;');
    } finally {
      await smtp.close();
    }
  });

  test.each([
    [550, 'failed'],
    [451, 'again'],
  ] as const)('that is refused with %i %s', async (code, result) => {
    const smtp = await startMailReceiver({ refuse: { code, text: 'not today' } });
    try {
      expect(await mail(smtp.port, notice())).toMatchObject({ result, status: code });
    } finally {
      await smtp.close();
    }
  });
});
