import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { lockDirectory, type DirectoryLock } from './directoryLock.ts';
import type { Log } from './log.ts';
import { createSegment, openSegment, type Segment } from './segment.ts';

/** Largest segment: what is read to take some lines out, and what is dropped at once for want of room. */
const SEGMENT_BYTES = 1024 * 1024;
/** A small buffer has as many segments at least, so that little of it is dropped at once. */
const FEWEST_SEGMENTS = 8;
/** Most that a power cut costs; a killed process loses nothing. */
const SYNC_MS = 5_000;

const NAME = /^(\d{10})\.ndjson$/;
export const LOCK = 'lock';

/** A segment, and what of it still has to be handed in. */
interface Kept {
  segment: Segment;
  /** Lines from the beginning up to here are nowhere but on disk. */
  unread: number;
  /** Lines that somebody has in memory. */
  held: number;
  /** Whether it was dropped for want of room. */
  isGone: boolean;
}

/** Where a line lies. Whoever has one, has the line in memory. */
export interface Place {
  kept: Kept;
  index: number;
}

export interface Loaded {
  body: string;
  place: Place;
}

/**
 * Lines on disk, in segments by age. Nothing is written before the first line is, and nothing is left once all are done
 * with. It never throws: what the disk refuses stays with the caller.
 */
export interface DiskBuffer {
  /** Keeps lines that are newer than all before: as many of them, from the first on, as the disk takes. */
  append(bodies: readonly string[]): Place[];
  /** Keeps lines that are older than all there are. False where it does not: for want of room, or because the disk refuses. */
  adopt(bodies: readonly string[]): boolean;
  /** Takes the newest of the lines that are nowhere else, the oldest of them first. */
  load(most: number): Loaded[];
  /** The line is only on disk again. False where it is there no more. */
  leave(place: Place): boolean;
  /** The line is not needed any more. */
  done(place: Place): void;
  /** What is appended from here on goes into a new segment. */
  seal(): void;
  /** Writes down all the system still holds and gives the directory back; what is there stays for the next start. */
  close(): void;
  /** Lines that are nowhere but here. */
  readonly unread: number;
  /** How many of such lines were given up, for want of room or because they cannot be read. */
  readonly dropped: number;
}

export interface DiskBufferOptions {
  directory: string;
  maxBytes: number;
  log: Log;
  nowMs: () => number;
}

/** Takes over what an earlier run has left in the directory. */
export function openDiskBuffer({ directory, maxBytes, log, nowMs }: DiskBufferOptions): DiskBuffer {
  const segmentBytes = Math.min(SEGMENT_BYTES, Math.floor(maxBytes / FEWEST_SEGMENTS));
  const all: Kept[] = [];
  let current: Kept | undefined;
  let lock: DirectoryLock | undefined;
  let hasWarned = false;
  let isElsewheres = false;
  let nextName = 1;
  let dropped = 0;
  let syncedMs = nowMs();

  function warn(what: string): void {
    if (hasWarned) return;
    hasWarned = true;
    log(`${what}: what cannot be handed in is kept in memory only`);
  }

  /** @throws where the directory cannot be used */
  function takeDirectory(): boolean {
    if (lock !== undefined) return true;
    if (isElsewheres) return false;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const taken = lockDirectory(join(directory, LOCK));
    if ('heldBy' in taken) {
      isElsewheres = true;
      warn(
        `process ${taken.heldBy} has the buffer directory ${directory}; give this agent another one with --buffer-dir`,
      );
      return false;
    }
    lock = taken;
    for (const name of listSegments(directory)) {
      nextName = Number(NAME.exec(name)?.[1]) + 1;
      const segment = openSegment(join(directory, name));
      const kept = { segment, unread: segment.lines, held: 0, isGone: false };
      all.push(kept);
      settle(kept);
    }
    makeRoom(0);
    return true;
  }

  function settle(kept: Kept): void {
    if (kept.unread > 0 || kept.held > 0 || kept.isGone) return;
    if (current === kept) current = undefined;
    all.splice(all.indexOf(kept), 1);
    attempt('removed', () => kept.segment.remove());
  }

  function attempt(what: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      warn(`a file of the buffer in ${directory} cannot be ${what} (${reasonOf(error)})`);
    }
  }

  function makeRoom(bytes: number): void {
    let total = all.reduce((sum, { segment }) => sum + segment.bytes, bytes);
    for (
      let oldest = all[0];
      total > maxBytes && oldest !== undefined && oldest !== current;
      oldest = all[0]
    ) {
      total -= oldest.segment.bytes;
      drop(oldest);
    }
  }

  function drop(kept: Kept): void {
    dropped += kept.unread;
    kept.unread = 0;
    all.splice(all.indexOf(kept), 1);
    kept.isGone = true;
    attempt('removed', () => kept.segment.remove());
  }

  function seal(): void {
    const sealed = current;
    current = undefined;
    if (sealed === undefined) return;
    sealed.segment.seal();
    settle(sealed);
  }

  /** @throws where the disk does not take them; what went before is written */
  function write(bodies: readonly string[]): Place[] {
    const bytes = bytesOf(bodies);
    if (current !== undefined && current.segment.bytes + bytes > segmentBytes) seal();
    makeRoom(bytes);
    if (current === undefined) all.push((current = newSegment()));
    const kept = current;
    const first = kept.segment.lines;
    kept.segment.append(bodies);
    kept.held += bodies.length;
    if (nowMs() - syncedMs > SYNC_MS) {
      syncedMs = nowMs();
      kept.segment.sync();
    }
    return bodies.map((_, i) => ({ kept, index: first + i }));
  }

  function newSegment(): Kept {
    const name = `${String(nextName).padStart(10, '0')}.ndjson`;
    const kept = { segment: createSegment(join(directory, name)), unread: 0, held: 0, isGone: false };
    nextName += 1;
    return kept;
  }

  function read(kept: Kept, most: number): Loaded[] {
    // What is left behind from here on must not lie behind what is being read.
    if (kept === current) seal();
    const end = kept.unread;
    const start = Math.max(end - most, 0);
    kept.unread = start;
    try {
      const loaded = kept.segment
        .read(start, end)
        .map((body, i) => ({ body, place: { kept, index: start + i } }));
      dropped += end - start - loaded.length;
      kept.held += loaded.length;
      return loaded;
    } catch (error) {
      warn(`a file of the buffer in ${directory} cannot be read (${reasonOf(error)})`);
      kept.unread = 0;
      dropped += end;
      return [];
    } finally {
      settle(kept);
    }
  }

  attempt('taken over', () => {
    if (listSegments(directory).length > 0) takeDirectory();
  });
  const waiting = () => all.reduce((sum, { unread }) => sum + unread, 0);
  if (waiting() > 0) log(`${waiting()} snapshots of an earlier run wait in ${directory}`);

  return {
    append(bodies) {
      const places: Place[] = [];
      try {
        if (bodies.length === 0 || !takeDirectory()) return places;
        for (const piece of piecesOf(bodies, segmentBytes)) places.push(...write(piece));
      } catch (error) {
        warn(`the buffer in ${directory} cannot be written (${reasonOf(error)})`);
        seal();
      }
      return places;
    },
    adopt(bodies) {
      if (bodies.length === 0) return true;
      try {
        const total = all.reduce((sum, { segment }) => sum + segment.bytes, bytesOf(bodies));
        if (!takeDirectory() || total > maxBytes) return false;
        const kept = newSegment();
        try {
          kept.segment.append(bodies);
        } catch (error) {
          kept.segment.remove();
          throw error;
        }
        kept.segment.sync();
        kept.segment.seal();
        kept.unread = kept.segment.lines;
        all.unshift(kept);
        return true;
      } catch (error) {
        warn(`the buffer in ${directory} cannot be written (${reasonOf(error)})`);
        return false;
      }
    },
    load(most) {
      const loaded: Loaded[] = [];
      for (const kept of all.toReversed()) {
        if (loaded.length >= most) break;
        if (kept.unread > 0) loaded.unshift(...read(kept, most - loaded.length));
      }
      return loaded;
    },
    leave({ kept, index }) {
      kept.held -= 1;
      if (kept.isGone) return false;
      kept.unread = Math.max(kept.unread, index + 1);
      return true;
    },
    done({ kept }) {
      kept.held -= 1;
      settle(kept);
    },
    seal,
    close() {
      current?.segment.sync();
      seal();
      attempt('removed', () => lock?.release());
      lock = undefined;
    },
    get unread() {
      return waiting();
    },
    get dropped() {
      return dropped;
    },
  };
}

function bytesOf(bodies: readonly string[]): number {
  return bodies.reduce((sum, body) => sum + Buffer.byteLength(body) + 1, 0);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The lines in groups that fit into so many bytes; a longer one stands alone. */
function piecesOf(bodies: readonly string[], most: number): string[][] {
  const pieces: string[][] = [];
  let bytes = Infinity;
  for (const body of bodies) {
    bytes += Buffer.byteLength(body) + 1;
    if (bytes > most) {
      pieces.push([]);
      bytes = Buffer.byteLength(body) + 1;
    }
    pieces.at(-1)?.push(body);
  }
  return pieces;
}

/** By age; none where there is no such directory. */
export function listSegments(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => NAME.test(name))
      .sort();
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
