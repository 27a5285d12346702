import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { agentLine, toAgent, writeAgent } from '../../../../api/fleet/agentLines.ts';
import { agentSchema } from '../../../../core/contracts/agents.ts';
import { advance, isForgotten } from '../../../../core/fleet/agentState.ts';
import { JsonBytes } from '../../../../core/jsonBytes.ts';
import { codePoint } from '../../../support/codePoint.ts';

const START_MS = 1_800_000_000_000;

test('a line is written as the JSON of the agent it is of, whatever was reported', () => {
  const report = fc.record({
    afterSeconds: fc.nat({ max: 600 }),
    cpuPercent: fc.nat({ max: 10_000 }).map((hundredths) => hundredths / 100),
    name: fc.string({ unit: codePoint }),
  });
  fc.assert(
    fc.property(fc.array(report, { minLength: 1, maxLength: 30 }), fc.nat({ max: 900 }), (reports, later) => {
      const observations = reports.map(({ afterSeconds, cpuPercent, name }) => ({
        timestamp: START_MS / 1000 + afterSeconds,
        receivedAtMs: START_MS + afterSeconds * 1000,
        history: false,
        cpuPercent,
        memoryUsedMb: 1,
        memoryTotalMb: 2,
        top: { name, cpuPercent },
      }));
      const state = advance(undefined, observations, Infinity);
      const heard = state === undefined || isForgotten(state) ? undefined : state;
      const record = { agentId: 'web-01', name: 'Ä', labels: { env: 'prod' }, firstSeen: 1, lastSeen: 2 };
      for (const known of [heard, undefined]) {
        const line = agentLine('web-01', record, known);
        if (line === undefined) throw new Error('it is known');
        const json = new JsonBytes();
        writeAgent(json, line, START_MS / 1000 + later);
        const agent = toAgent(line, START_MS / 1000 + later);
        expect(json.taken().toString()).toBe(JSON.stringify(agent));
        expect(agentSchema.safeParse(agent).error).toBeUndefined();
      }
    }),
  );
});
