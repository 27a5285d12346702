import type { DiskBuffer, Place } from './diskBuffer.ts';
import type { Body } from './ingestClient.ts';
import { createSnapshotBuffer, type SnapshotBuffer } from './snapshotBuffer.ts';

/** A snapshot made ready when it was taken, so that waiting costs 1.4 KB of text instead of objects. */
export type Prepared = Body;

/**
 * What waits to be sent: the newest in memory, and, where there is a disk, all of it also there from the moment on at which
 * the server takes nothing: it is away, or asks to wait. What memory has no room for is on disk only, and comes last.
 *
 * What was taken is either put back or handed in.
 */
export interface KeptBuffer extends SnapshotBuffer<Prepared> {
  /** How many are on disk only. Those are history: `take` leaves them there, `takeNewest` gets them behind the others. */
  readonly onDiskOnly: number;
  /** The newest that are in memory. */
  takeNewestInMemory(most: number): Prepared[];
  /** Whether it was on disk only before it was taken. */
  isHistory(taken: Prepared): boolean;
  /** The server has what was taken last, or never wants it. */
  handedIn(taken: readonly Prepared[]): void;
  /** They cannot be taken now, others can: until `retryAside` they wait apart, the latest given up where there are too many. */
  setAside(taken: readonly Prepared[]): void;
  /** Lets those set aside wait with the others again, as far as there is room. */
  retryAside(): void;
  /** How many are set aside: `size` is without them. */
  readonly aside: number;
  /** The server takes nothing for now: what waits must outlive this process, and so must what comes. */
  cutOff(): void;
  /** The server answers: nothing more is written. */
  connected(): void;
  /** Leaves what waits on disk for the next start; returns whether all of it is there. */
  close(): boolean;
}

/**
 * @param capacity most snapshots held in memory, at least 1
 * @param disk undefined where memory is all there is
 */
export function createKeptBuffer(capacity: number, disk: DiskBuffer | undefined): KeptBuffer {
  const places = new WeakMap<Prepared, Place>();
  /** Those that are in memory only while they are on their way. */
  const loaded = new WeakSet<Prepared>();
  let isCutOff = false;
  let lost = 0;
  const aside: Prepared[] = [];
  const memory = createSnapshotBuffer<Prepared>(capacity, giveUp);

  function write(snapshots: readonly Prepared[]): void {
    const fresh = snapshots.filter((one) => !places.has(one));
    const written = disk?.append(fresh.map(({ body }) => body));
    written?.forEach((place, i) => {
      const snapshot = fresh[i];
      if (snapshot !== undefined) places.set(snapshot, place);
    });
  }

  /** Memory is full: returns how many of its oldest are lost. */
  function giveUp(oldest: readonly Prepared[]): number {
    write(oldest);
    return oldest.filter((one) => !leave(one)).length;
  }

  function done(snapshot: Prepared): void {
    const place = places.get(snapshot);
    if (place !== undefined) disk?.done(place);
  }

  function leave(snapshot: Prepared): boolean {
    const place = places.get(snapshot);
    return place !== undefined && disk !== undefined && disk.leave(place);
  }

  function load(most: number): Prepared[] {
    if (disk === undefined || most <= 0) return [];
    return disk.load(most).flatMap(({ body, place }) => {
      const snapshot = read(body);
      if (snapshot === undefined) {
        lost += 1;
        disk.done(place);
        return [];
      }
      places.set(snapshot, place);
      loaded.add(snapshot);
      return [snapshot];
    });
  }

  return {
    push(snapshot) {
      if (isCutOff) write([snapshot]);
      memory.push(snapshot);
    },
    take: () => memory.take(),
    takeNewestInMemory: (most) => memory.takeNewest(most),
    isHistory: (taken) => loaded.has(taken),
    takeNewest(most) {
      const newest = memory.takeNewest(most);
      return [...load(most - newest.length), ...newest];
    },
    putBack(taken) {
      for (const snapshot of taken) if (loaded.has(snapshot) && !leave(snapshot)) lost += 1;
      memory.putBack(taken.filter((snapshot) => !loaded.has(snapshot)));
    },
    handedIn(taken) {
      taken.forEach(done);
    },
    setAside(taken) {
      write(taken);
      aside.push(...taken);
      aside.sort((a, b) => a.timestamp - b.timestamp);
      for (const given of aside.splice(capacity)) {
        lost += 1;
        done(given);
      }
    },
    retryAside() {
      memory.putOldest(aside.splice(0, Math.max(capacity - memory.size, 0)));
    },
    cutOff() {
      isCutOff = true;
      write(memory.waiting);
    },
    connected() {
      if (isCutOff) disk?.seal();
      isCutOff = false;
    },
    close() {
      const waiting = [...aside, ...memory.waiting];
      write(waiting);
      const isKept = waiting.every((snapshot) => places.has(snapshot));
      disk?.close();
      return disk !== undefined && isKept;
    },
    get onDiskOnly() {
      return disk?.unread ?? 0;
    },
    get aside() {
      return aside.length;
    },
    get size() {
      return memory.size + (disk?.unread ?? 0);
    },
    get dropped() {
      return memory.dropped + lost + (disk?.dropped ?? 0);
    },
  };
}

/** Undefined for what is no snapshot: a disk may give back anything. */
function read(body: string): Prepared | undefined {
  try {
    const { timestamp, agent_id: agentId } = JSON.parse(body) as { timestamp?: unknown; agent_id?: unknown };
    if (typeof timestamp !== 'number') return undefined;
    return { timestamp, body, agentId: typeof agentId === 'string' ? agentId : undefined };
  } catch {
    return undefined;
  }
}
