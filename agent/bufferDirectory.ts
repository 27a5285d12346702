import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where the agents of this user, or of their systemd unit (`StateDirectory=`), keep what they could not hand in, each in a
 * directory of its own.
 *
 * @returns undefined for a user without a home, as a container may have one
 */
export function bufferRoot(env: Record<string, string | undefined>): string | undefined {
  const ofUnit = env['STATE_DIRECTORY']?.split(':')[0];
  if (ofUnit) return ofUnit;
  const home = homeOrNone();
  const state = env['XDG_STATE_HOME'] || (home && join(home, '.local', 'state'));
  return state ? join(state, 'topline-agent') : undefined;
}

/** The name of the directory of an agent for a server: what was measured for one server is nobody else's. */
export function bufferName({ agentId, endpoint }: { agentId: string; endpoint: string }): string {
  const server = endpoint.replace(/^https?:\/\//, '').replace(/\/ingest\/metrics$/, '');
  // Colons and slashes are not for file names everywhere.
  return `${agentId}@${server}`.replace(/[^A-Za-z0-9._@-]/g, '_').slice(0, LONGEST);
}

/** Whose a directory of that name is: for which server, in one of its spellings, and of which agent, where that is sure. */
export function readBufferName(name: string): { agentId: string | undefined; server: string } | undefined {
  const [id, ...rest] = name.split('@');
  if (id === undefined || id === '' || rest.length === 0 || name.length >= LONGEST) return undefined;
  // It may stand for a colon.
  return { agentId: id.includes('_') ? undefined : id, server: oneSpelling(rest.join('@')) };
}

const LONGEST = 200;

/** This machine has several names, and any name may end with a dot. */
function oneSpelling(server: string): string {
  return server
    .toLowerCase()
    .replace(/^([^_]+)\.(?=_|$)/, '$1')
    .replace(/^(localhost|127(\.\d+){3}|0\.0\.0\.0|___1_)(?=_|$)/, 'localhost');
}

function homeOrNone(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}
