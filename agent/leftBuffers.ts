import { readdirSync, readFileSync, rmdirSync, unlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bufferName, readBufferName } from './bufferDirectory.ts';
import { lockDirectory } from './directoryLock.ts';
import { LOCK, listSegments, type DiskBuffer } from './diskBuffer.ts';
import type { Log } from './log.ts';
import { isRecord } from './outcome.ts';

/** Directories that are told of one by one. */
const MOST_TOLD = 5;

export interface LeftBuffersOptions {
  /** Where the directories of all agents are. */
  root: string;
  agentId: string;
  endpoint: string;
  /** The buffer of this agent, and its directory. */
  directory: string;
  disk: DiskBuffer;
  log: Log;
}

/**
 * Takes in what this host measured under another id or for another spelling of the server: the buffer it lies in is nobody's
 * any more. Each snapshot keeps its id. What is for another server, or whose id is not sure, stays, and is told of; what
 * another agent has in use is its own. It never throws.
 */
export function takeInLeftBuffers(options: LeftBuffersOptions): void {
  const { root, directory, log } = options;
  const left: string[] = [];
  for (const name of namesIn(root)) {
    const path = join(root, name);
    if (path === resolve(directory)) continue;
    try {
      const reason = takeIn(path, name, options);
      if (reason !== undefined) left.push(reason);
    } catch (error) {
      left.push(`${path} cannot be read (${error instanceof Error ? error.message : String(error)})`);
    }
  }
  for (const reason of left.slice(0, MOST_TOLD)) log(`not handed in: ${reason}`);
  if (left.length > MOST_TOLD) log(`not handed in: ${left.length - MOST_TOLD} more such buffers in ${root}`);
}

/** @returns why something stays there; undefined where nothing does, or it is another agent's */
function takeIn(path: string, name: string, options: LeftBuffersOptions): string | undefined {
  const of = readBufferName(name);
  const own = bufferName(options);
  if (of === undefined || listSegments(path).length === 0) return undefined;
  const lock = lockDirectory(join(path, LOCK));
  if ('heldBy' in lock) return undefined;
  try {
    const stays = () => `${countIn(path)} snapshots in ${path}`;
    if (of.server !== readBufferName(own)?.server)
      return `${stays()}, which are for another server: start an agent for it with --url, or remove them`;
    const isOwnName = name.split('@')[0] === own.split('@')[0];
    const agentId = isOwnName ? options.agentId : of.agentId;
    let count = 0;
    // Each is taken in as the oldest.
    for (const segment of listSegments(path).toReversed()) {
      const file = join(path, segment);
      const lines = linesOf(file).map((line) => withId(line, agentId));
      if (lines.includes(undefined))
        return `${stays()}, whose agent is not sure: start one with its --id, or remove them`;
      const bodies = lines.filter((line) => line !== undefined);
      if (!options.disk.adopt(bodies))
        return `${stays()}, for which ${options.directory} has no room, or cannot be written`;
      unlinkSync(file);
      count += bodies.length;
    }
    options.log(`${count} snapshots of an earlier run taken over from ${path}`);
    return undefined;
  } finally {
    lock.release();
    if (readdirSync(path).length === 0) rmdirSync(path);
  }
}

/** The line with the id in it; as it is where it has one, or is no snapshot. Undefined where it needs one and there is none. */
function withId(line: string, agentId: string | undefined): string | undefined {
  let snapshot: unknown;
  try {
    snapshot = JSON.parse(line);
  } catch {
    return line;
  }
  if (!isRecord(snapshot) || Array.isArray(snapshot) || 'agent_id' in snapshot) return line;
  return agentId === undefined ? undefined : JSON.stringify({ ...snapshot, agent_id: agentId });
}

function countIn(path: string): number {
  return listSegments(path).reduce((sum, segment) => sum + linesOf(join(path, segment)).length, 0);
}

/** Whole ones: a piece behind the last, as a crash leaves it, is none. */
function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}

function namesIn(root: string): string[] {
  try {
    return readdirSync(root, { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? [one.name] : []));
  } catch {
    return [];
  }
}
