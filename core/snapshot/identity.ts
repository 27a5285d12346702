import { hash } from 'node:crypto';

/** What a snapshot says, and who says it. */
export interface SnapshotContent {
  agentId: string;
  /** Epoch seconds. */
  timestamp: number;
  totalCpuPercent: number;
  systemMemoryTotalMb: number;
  systemMemoryUsedMb: number;
  /** Cores and processes, as `packMeasurements` packs them. */
  measurements: Uint8Array;
}

const FLOAT_BYTES = 8;

/** Most bytes the UTF-8 of one UTF-16 unit takes. */
const UNIT_BYTES = 3;

/** Written to by every call. It grows to the largest snapshot. */
let scratch = Buffer.alloc(4_096);

/**
 * The identity of a snapshot: 128 bits of SHA-256 over all it says, written as a UUID so that PostgreSQL keeps it in 16
 * bytes. The same snapshot has the same identity however often it arrives; it follows from a row, too.
 */
export function snapshotIdentity(content: SnapshotContent): string {
  const hex = hash('sha256', write(content));
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** Four big-endian float64, the measurements, the agent's id: only the last two vary in length, and the first of them ends itself. */
function write(content: SnapshotContent): Buffer {
  const { agentId, measurements } = content;
  const most = 4 * FLOAT_BYTES + measurements.length + UNIT_BYTES * agentId.length;
  if (most > scratch.length) scratch = Buffer.alloc(2 * most);
  // -0 is 0, as in JSON.
  let at = scratch.writeDoubleBE(content.timestamp + 0);
  at = scratch.writeDoubleBE(content.totalCpuPercent + 0, at);
  at = scratch.writeDoubleBE(content.systemMemoryTotalMb + 0, at);
  at = scratch.writeDoubleBE(content.systemMemoryUsedMb + 0, at);
  scratch.set(measurements, at);
  at += measurements.length;
  return scratch.subarray(0, at + scratch.write(agentId, at));
}
