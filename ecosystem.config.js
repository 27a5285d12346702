/**
 * Topline under PM2: `npx pm2-runtime start ecosystem.config.js` (or `pm2 start`), after `npm run setup`.
 * Redis and PostgreSQL are yours to run; name them in the environment (see .env.example).
 *
 * Scale the API by API_INSTANCES, and a role of the workers by the `instances` of its app.
 */

/** Longest a process may drain, plus what ending takes: PM2 would kill it after 1.6 s otherwise. */
const drainMs = (Number(process.env.DRAIN_SECONDS) || 10) * 1000;

const shared = {
  wait_ready: true,
  listen_timeout: 30_000,
  kill_timeout: drainMs + 5_000,
  // A store that is away is waited for; a process that keeps ending has a fault that restarting soon does not mend.
  exp_backoff_restart_delay: 200,
  max_memory_restart: '1G',
  merge_logs: true,
};

/** One app a role, so that each can be scaled and restarted alone. */
const worker = (role, instances = 1) => ({
  ...shared,
  name: `worker-${role}`,
  script: 'dist/workers/main.js',
  args: `--roles ${role}`,
  exec_mode: 'fork',
  instances,
});

export const apps = [
  {
    ...shared,
    name: 'api',
    script: 'dist/api/main.js',
    // Several processes on one port. Socket.IO needs no sticky sessions: only the websocket transport is on.
    exec_mode: 'cluster',
    instances: process.env.API_INSTANCES || 2,
  },
  worker('timeline'),
  worker('persist'),
  worker('alerts'),
  worker('prune'),
];
