import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  channelTargetSchema,
  type Channel,
  type DeliveryPart,
} from '../../../../core/contracts/alerting/notification.ts';
import { createConnections, type Connections } from '../../../../workers/deliver/filteredAgents.ts';
import type { Progress } from '../../../../workers/deliver/parts.ts';
import { send } from '../../../../workers/deliver/send.ts';
import { alert, notice } from '../../../support/alerts.ts';
import { startMailReceiver, startReceiver, type Received } from '../../../support/receiver.ts';

const MESSAGE = { id: '0'.repeat(32), notice: notice(), nowMs: 0, publicUrl: undefined };

let connections: Connections;
let open: { close(): unknown }[];
beforeEach(() => {
  connections = createConnections(['127.0.0.1']);
  open = [connections];
});
afterEach(async () => {
  for (const one of open) await one.close();
});

function progress(): Progress & { done: Map<string, DeliveryPart> } {
  const done = new Map<string, DeliveryPart>();
  return { done, note: async (parts) => parts.forEach((part) => done.set(part.to, part)) };
}

const channel = (target: object): Channel => ({
  id: 'one',
  name: 'One',
  target: channelTargetSchema.parse(target),
});

const mailTo = (port: number) =>
  channel({
    kind: 'email',
    host: '127.0.0.1',
    port,
    from: 'topline@example.org',
    to: ['ops@example.org', 'boss@example.org', 'gone@example.org'],
  });

test('a recipient who is put off gets the mail later, alone, and one who is refused keeps nobody from it', async () => {
  let attempts = 0;
  const smtp = await startMailReceiver({
    refuse(address) {
      if (address.startsWith('gone')) return { code: 550, text: 'no such user' };
      if (address.startsWith('boss') && attempts === 1) return { code: 451, text: 'greylisted' };
      return undefined;
    },
  });
  open.push(smtp);
  const made = progress();
  attempts = 1;
  expect(await send(mailTo(smtp.port), MESSAGE, connections, made)).toMatchObject({
    result: 'again',
    isAlive: true,
    status: 451,
    detail: expect.stringMatching(/^1 of 3 taken; boss@example.org: .*451.*; gone@example.org: .*550/),
    parts: [
      { to: 'ops@example.org', state: 'delivered' },
      { to: 'boss@example.org', state: 'waiting', status: 451 },
      { to: 'gone@example.org', state: 'failed', status: 550 },
    ],
  });
  attempts = 2;
  const second = await send(mailTo(smtp.port), MESSAGE, connections, made);
  expect(second).toMatchObject({ result: 'failed', status: 550 });
  expect(second.parts?.map(({ to, state }) => [to, state])).toEqual([
    ['ops@example.org', 'delivered'],
    ['gone@example.org', 'failed'],
    ['boss@example.org', 'delivered'],
  ]);
  expect(smtp.received.map(({ to }) => to)).toEqual([['ops@example.org'], ['boss@example.org']]);
  for (const { text } of smtp.received) expect(text).toMatch(/^To: ops@example.org, boss@example.org/m);
});

const keyOf = ({ body }: Received) => (JSON.parse(body) as { dedup_key: string }).dedup_key;

const THREE = notice({
  alerts: ['web-01', 'web-02', 'web-03'].map((agent_id) => alert({ agent_id, id: agent_id })),
});

test.each([
  [400, 'failed'],
  [500, 'again'],
] as const)(
  'of three incidents the first that is answered %i ends no other, and only it is tried again',
  async (status, result) => {
    const receiver = await startReceiver((request) => ({
      status: keyOf(request) === 'web-01' ? status : 202,
      body: 'no R1 here',
    }));
    open.push(receiver);
    const made = progress();
    const target = channel({ kind: 'pagerduty', routing_key: 'R1', url: receiver.url });
    const outcome = await send(target, { ...MESSAGE, notice: THREE }, connections, made);
    expect(outcome).toMatchObject({
      result,
      status,
      detail: `2 of 3 taken; trigger web-01: ${status}: no *** here`,
    });
    expect(receiver.received.map(keyOf)).toEqual(['web-01', 'web-02', 'web-03']);
    receiver.received.splice(0);
    await send(target, { ...MESSAGE, notice: THREE }, connections, made);
    expect(receiver.received.map(keyOf)).toEqual(status === 500 ? ['web-01'] : []);
  },
);

test('a receiver that wants to be left alone is not asked for the rest', async () => {
  const receiver = await startReceiver((_, before) =>
    before === 1 ? { status: 429, headers: { 'retry-after': '3' } } : { status: 202 },
  );
  open.push(receiver);
  const made = progress();
  const target = channel({ kind: 'pagerduty', routing_key: 'R1', url: receiver.url });
  const outcome = await send(target, { ...MESSAGE, notice: THREE }, connections, made);
  expect(outcome).toMatchObject({ result: 'again', retryAfterMs: 3_000 });
  expect(receiver.received.map(keyOf)).toEqual(['web-01', 'web-02']);
  expect(await send(target, { ...MESSAGE, notice: THREE }, connections, made)).toMatchObject({
    result: 'delivered',
  });
  expect(receiver.received.map(keyOf)).toEqual(['web-01', 'web-02', 'web-02', 'web-03']);
});
