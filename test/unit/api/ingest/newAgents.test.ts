import { expect, test } from '@jest/globals';
import { createNewAgents, type NewAgentLimits } from '../../../../api/ingest/newAgents.ts';

const MINUTE = 60_000;
const FROM = { address: '203.0.113.1', isVouchedFor: false };

function setUp({ perMinute = 0, most = 0 }: Partial<NewAgentLimits>) {
  const clock = { ms: 0 };
  const known = new Set<string>();
  const taken = new Map<string, number>();
  const asked: string[] = [];
  const outcomes: string[] = [];
  const agents = createNewAgents({
    perMinute,
    most,
    nowMs: () => clock.ms,
    onNew: (outcome) => void outcomes.push(outcome),
    known: {
      confirm: async (agentId) => {
        asked.push(agentId);
        return { isKnown: known.has(agentId), count: known.size };
      },
      add: async (agentId, limit) => {
        if (limit > 0 && known.size >= limit) return false;
        known.add(agentId);
        return true;
      },
    },
    rateLimits: {
      take: async (name, limit) => {
        const count = (taken.get(name) ?? 0) + 1;
        taken.set(name, count);
        return { allowed: count <= limit, remaining: 0, resetMs: 30_000 };
      },
    },
  });
  return { agents, clock, known, asked, outcomes, taken };
}

test('of a known agent nothing is asked for ten minutes, and then once', async () => {
  const { agents, clock, asked, outcomes } = setUp({ most: 5 });
  expect(await agents.refusal('a', FROM)).toBeUndefined();
  for (let i = 0; i < 9; i += 1) {
    clock.ms += MINUTE;
    expect(agents.refusal('a', FROM)).toBeUndefined();
  }
  clock.ms += MINUTE;
  expect(agents.refusal('a', FROM)).toBeInstanceOf(Promise);
  expect(asked).toEqual(['a', 'a']);
  expect(outcomes).toEqual(['taken']);
});

test('where there are as many as there may be, the refusal names the setting, and costs the address nothing', async () => {
  const { agents, known, taken, outcomes } = setUp({ most: 1, perMinute: 10 });
  known.add('other');
  expect(await agents.refusal('a', FROM)).toEqual({
    detail: expect.stringContaining('AGENT_LIMIT'),
    retryAfterMs: 300_000,
  });
  expect(taken.size).toBe(0);
  expect(outcomes).toEqual(['refused']);
  // It is asked again each time: room may have been made.
  known.delete('other');
  expect(await agents.refusal('a', FROM)).toBeUndefined();
});

test('past the limit of its address a new agent waits as long as that says', async () => {
  const { agents } = setUp({ perMinute: 1 });
  expect(await agents.refusal('a', FROM)).toBeUndefined();
  expect(await agents.refusal('b', FROM)).toEqual({
    detail: expect.stringContaining('AGENT_NEW_LIMIT_PER_MINUTE'),
    retryAfterMs: 30_000,
  });
  expect(await agents.refusal('b', { ...FROM, address: '203.0.113.2' })).toBeUndefined();
});

test('an agent with a token of its own is taken past both', async () => {
  const { agents, known } = setUp({ perMinute: 1, most: 1 });
  known.add('other');
  expect(await agents.refusal('a', { ...FROM, isVouchedFor: true })).toBeUndefined();
});
