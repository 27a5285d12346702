import { createHash } from 'node:crypto';
import { snapshotSchema, type SnapshotInput } from '../../core/contracts/snapshot.ts';
import { snapshotIdentity } from '../../core/snapshotIdentity.ts';
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

/** The snapshot of this place in an agent's life: like no other in content, and small, for many are to be sent. */
export function contentOf(
  agentId: string,
  agentIndex: number,
  sequence: number,
  startSeconds: number,
): Content {
  const timestamp = startSeconds + sequence;
  const input: SnapshotInput = {
    timestamp,
    total_cpu_percent: isHot(sequence) ? 95.5 : 12.25,
    per_core_cpu_percent: [20, 5],
    system_memory_total_mb: 16_000_000_000,
    system_memory_used_mb: figureOf(agentIndex, sequence),
    top_processes: [{ pid: 42, name: 'node', cpu_percent: 20, memory_mb: 80.5 }],
    agent_id: agentId,
  };
  const json = canonical(input);
  return {
    agentId,
    sequence,
    timestamp,
    body: JSON.stringify(input),
    identity: snapshotIdentity(agentId, json),
    hash: hashOf(json),
  };
}

/** The one form of a snapshot that stores keep. */
export function canonical(input: unknown): string {
  return JSON.stringify(snapshotSchema.parse(input));
}

export function hashOf(json: string): string {
  return createHash('sha256').update(json).digest('hex').slice(0, 24);
}
