import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where an agent keeps what it could not hand in, unless told: in the state directory of its user, or of its systemd unit
 * (`StateDirectory=`). A directory for each agent and server: what was measured for one server is nobody else's.
 *
 * @returns undefined for a user without a home, as a container may have one
 */
export function defaultBufferDirectory({
  agentId,
  endpoint,
  env,
}: {
  agentId: string;
  endpoint: string;
  env: Record<string, string | undefined>;
}): string | undefined {
  const ofUnit = env['STATE_DIRECTORY']?.split(':')[0];
  const name = `${agentId}@${endpoint.replace(/^https?:\/\//, '').replace(/\/ingest\/metrics$/, '')}`;
  // Colons and slashes are not for file names everywhere.
  const folder = name.replace(/[^A-Za-z0-9._@-]/g, '_').slice(0, 200);
  if (ofUnit) return join(ofUnit, folder);
  const home = homeOrNone();
  const state = env['XDG_STATE_HOME'] || (home && join(home, '.local', 'state'));
  return state ? join(state, 'topline-agent', folder) : undefined;
}

function homeOrNone(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}
