import { expect, test } from '@jest/globals';
import { snapshotSchema } from '../../../../core/contracts/snapshot.ts';
import { fromQueuedRow, toQueuedRow, toSnapshot, toSnapshotRow } from '../../../../core/snapshot/row.ts';
import { recordedSnapshots } from '../../../support/snapshots.ts';

const canonical = (value: unknown) => JSON.stringify(snapshotSchema.parse(value));

test.each(['web-01', 'default'])(
  'what a row of %s says, after its way through a queue, is to the byte what was sent',
  (agentId) => {
    for (const sent of recordedSnapshots(1_800_000_000)) {
      const row = toSnapshotRow(sent, { agentId, receivedAtMs: 1 });
      const arrived = fromQueuedRow(JSON.parse(JSON.stringify(toQueuedRow(row))));
      expect(arrived).toEqual({ ...row, measurements: Buffer.from(row.measurements) });
      const identified = agentId === 'default' ? sent : { ...sent, agent_id: agentId };
      expect(JSON.stringify(toSnapshot(arrived))).toBe(canonical(identified));
    }
  },
);
