import { createHash } from 'node:crypto';
import {
  MAX_PROCESSES,
  snapshotSchema,
  type Snapshot,
  type SnapshotInput,
} from '../../core/contracts/snapshot.ts';
import { toSnapshotRow } from '../../core/snapshot/row.ts';
import { figureOf, isHot } from './plan.ts';

/** A snapshot as it goes out, and as it must turn up again. */
export interface Content {
  agentId: string;
  sequence: number;
  timestamp: number;
  /** What is posted. */
  body: string;
  identity: string;
  hash: string;
}

/** A command line almost as long as a name may be. */
const LONG_NAME = 'java -Xmx4g -XX:+UseG1GC -Dservice=orders '.repeat(24);

const SMALL = [{ pid: 42, name: 'node', cpu_percent: 20, memory_mb: 80.5 }];

/** Twelve processes with long names: about 12 KB, ten times a usual snapshot. */
const LARGE = Array.from({ length: MAX_PROCESSES }, (_, i) => ({
  pid: 1_000 + i,
  name: `${LONG_NAME}${i}`,
  cpu_percent: 1,
  memory_mb: 80.5,
}));

/** The snapshot of this place in an agent's life: like no other in content, and small unless told, for many are sent. */
export function contentOf(
  agentId: string,
  agentIndex: number,
  sequence: number,
  startSeconds: number,
  large = false,
): Content {
  const timestamp = startSeconds + sequence;
  const input: SnapshotInput = {
    timestamp,
    total_cpu_percent: isHot(sequence) ? 95.5 : 12.25,
    per_core_cpu_percent: [20, 5],
    system_memory_total_mb: 16_000_000_000,
    system_memory_used_mb: figureOf(agentIndex, sequence),
    top_processes: large ? LARGE : SMALL,
    agent_id: agentId,
  };
  const json = canonical(input);
  return {
    agentId,
    sequence,
    timestamp,
    body: JSON.stringify(input),
    identity: identityOf(agentId, json),
    hash: hashOf(json),
  };
}

/** The one form of a snapshot that stores keep. */
export function canonical(input: unknown): string {
  return JSON.stringify(snapshotSchema.parse(input));
}

/** By what the canonical JSON of an agent's snapshot says. */
export function identityOf(agentId: string, json: string): string {
  const snapshot = JSON.parse(json) as Snapshot;
  return toSnapshotRow(snapshot, { agentId, receivedAtMs: 0 }).snapshotId;
}

export function hashOf(json: string): string {
  return createHash('sha256').update(json).digest('hex').slice(0, 24);
}
