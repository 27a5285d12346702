/**
 * The ledger client, a process of its own: posts snapshots and writes down each one before it is sent and each answer
 * after it has come. Nothing of the service is started or stopped from here, so whatever the harness kills, the ledger
 * stays whole. Lines, with tabs between their fields:
 *
 *   sent IDENTITY AGENT SEQUENCE HASH AT  before the first attempt; AT is the time in epoch ms
 *   post IDENTITY                         before each attempt
 *   answer IDENTITY STATUS MS PHASE       after each; status 0 is a connection that was cut, 1 one that did not answer, 2 one
 *                                         that was not to be had
 */
import { openSync, writeSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { contentOf, type Content } from './content.ts';
import { epochMs, type LoadPlan, type Order, type Tally } from './plan.ts';
import { createRandom } from './random.ts';

/** Far above the second in which every request must be answered: what takes longer hangs. */
const HANG_MS = 5_000;

/** Wait before a connection is tried again that nobody took: trying harder costs this machine more than it shows. */
const REFUSED_WAIT_MS = 200;

/** Longest wait before a refused snapshot is sent again, whatever Retry-After says: faults do not last for ever. */
const MAX_WAIT_MS = 500;

const plan = JSON.parse(process.argv[2] ?? '{}') as LoadPlan;
const random = createRandom(plan.seed);
const ledger = openSync(plan.ledgerFile, 'a');
const connections = new Agent({ keepAlive: true, maxSockets: 512 });
const tally: Tally = { attempted: 0, acknowledged: 0, answers: {}, done: false };
let perSecond = plan.perSecond;
let phase = 'load';
const finishing = new AbortController();
let budget = 0;
let turn = 0;

process.on('message', (message: Order) => {
  if (message.order === 'rate') perSecond = message.perSecond;
  if (message.order === 'phase') phase = message.phase;
  if (message.order === 'finish') finishing.abort();
});
process.on('disconnect', () => process.exit(0));
const reporting = setInterval(() => process.send?.(tally), 250);

const REFILL_MS = 10;
const refilling = setInterval(() => {
  budget = Math.min(budget + (perSecond * REFILL_MS) / 1000, Math.max(1, perSecond / 10));
}, REFILL_MS);

function note(...fields: (string | number)[]): void {
  writeSync(ledger, `${fields.join('\t')}\n`);
}

interface Answer {
  status: number;
  retryAfterMs: number;
}

function post(content: Content): Promise<Answer> {
  const url = plan.urls[turn++ % plan.urls.length] ?? '';
  const asked = phase;
  note('post', content.identity);
  return new Promise((resolve) => {
    const began = performance.now();
    let settled = false;
    function settle(status: number, retryAfter?: string): void {
      if (settled) return;
      settled = true;
      note('answer', content.identity, status, (performance.now() - began).toFixed(1), asked);
      tally.answers[status] = (tally.answers[status] ?? 0) + 1;
      resolve({ status, retryAfterMs: Number(retryAfter ?? 0) * 1000 });
    }
    const sending = request(`${url}/ingest/metrics`, {
      method: 'POST',
      agent: connections,
      timeout: HANG_MS,
      headers: { 'Content-Type': 'application/json', 'X-Agent-Id': content.agentId },
    });
    sending.on('response', (response) => {
      response.resume();
      response.on('end', () => settle(response.statusCode ?? 0, response.headers['retry-after']));
      response.on('error', () => settle(0));
    });
    sending.on('timeout', () => {
      settle(1);
      sending.destroy();
    });
    sending.on('error', (error: NodeJS.ErrnoException) => settle(error.code === 'ECONNREFUSED' ? 2 : 0));
    sending.end(content.body);
  });
}

/** Repeats until the snapshot is acknowledged; an answer that says it is wrong ends that too. */
async function deliver(content: Content): Promise<void> {
  for (;;) {
    const { status, retryAfterMs } = await post(content);
    if (status === 200) return;
    if (status >= 400 && status < 500 && status !== 429) return;
    const wait = status === 2 ? REFUSED_WAIT_MS : Math.min(retryAfterMs || 50, MAX_WAIT_MS);
    await delay(wait * (0.5 + Math.random() / 2));
  }
}

/** Every copy of one snapshot: some at once, some later, when its jobs are long gone. */
async function deliverCopies(content: Content): Promise<Promise<void>[]> {
  const copies = random.between(...plan.copies) - 1;
  const atOnce = Array.from({ length: copies }, () => random.chance(0.5));
  await Promise.all([deliver(content), ...atOnce.filter(Boolean).map(() => deliver(content))]);
  return atOnce
    .filter((now) => !now)
    .map(async () => {
      await delay(500 + Math.random() * 3_000);
      await deliver(content);
    });
}

async function runLane(
  agentId: string,
  index: number,
  next: () => number,
  later: Set<Promise<void>>,
): Promise<void> {
  while (!finishing.signal.aborted) {
    if (budget < 1) {
      await delay(REFILL_MS * (0.5 + Math.random()));
      continue;
    }
    budget -= 1;
    const content = contentOf(agentId, index, next(), plan.startSeconds, plan.large);
    note('sent', content.identity, agentId, content.sequence, content.hash, epochMs().toFixed(1));
    tally.attempted += 1;
    for (const copy of await deliverCopies(content)) later.add(copy.finally(() => later.delete(copy)));
    tally.acknowledged += 1;
  }
}

const later = new Set<Promise<void>>();
await Promise.all(
  Array.from({ length: plan.agents }, (_, index) => {
    let sequence = 0;
    const agentId = `${plan.agentPrefix}-${index}`;
    return Promise.all(
      Array.from({ length: plan.lanes }, () => runLane(agentId, index, () => sequence++, later)),
    );
  }),
);
await Promise.all(later);
clearInterval(reporting);
clearInterval(refilling);
tally.done = true;
process.send?.(tally, () => process.exit(0));
