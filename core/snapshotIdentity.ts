import { hash } from 'node:crypto';

/**
 * The identity of a snapshot: 128 bits of SHA-256 over its agent and its canonical JSON, written as a UUID so that
 * PostgreSQL keeps it in 16 bytes. The same snapshot has the same identity however often it arrives.
 */
export function snapshotIdentity(agentId: string, canonicalJson: string): string {
  const hex = hash('sha256', `${agentId}\n${canonicalJson}`);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
