import type { Redis } from 'ioredis';
import { NOTIFY_GROUP_KEYS } from '../keys.ts';
import { createRevisionedHash, type Revisioned, type RevisionedHash } from '../revisionedHash.ts';

/** A group as it was read. */
export type StoredGroup = Revisioned;

/** Groups of alerts, and what was sent of each, in Redis, so that any worker can go on. */
export type NotifyGroupStore = RevisionedHash;

export function createNotifyGroupStore(redis: Redis): NotifyGroupStore {
  return createRevisionedHash(redis, NOTIFY_GROUP_KEYS);
}
