/**
 * Topline under PM2 7: `npm run setup`, then `pm2 start ecosystem.config.js` (in a container, `pm2-runtime start`). Redis
 * and PostgreSQL are yours to run: name them in the environment (.env.example), which PM2 hands on.
 *
 * Two variables are read here and nowhere else: API_INSTANCES, and WORKER_PORT as the first of a range. A role of the
 * workers is scaled by `pm2 scale worker-persist 3`.
 */

/** What a process may take to drain, as core/config reads it. */
const drainMs = (Number(process.env.DRAIN_SECONDS) || 10) * 1000;

const shared = {
  // Compiled code, so that a trace needs the maps to name the sources.
  node_args: '--enable-source-maps',
  env: { NODE_ENV: 'production' },
  wait_ready: true,
  listen_timeout: 30_000,
  // Above the drain deadline: PM2 would kill after 1.6 s otherwise.
  kill_timeout: drainMs + 5_000,
  // A store that is away is waited for; a process that keeps ending has a fault that restarting soon does not mend.
  exp_backoff_restart_delay: 200,
  max_memory_restart: '1G',
  merge_logs: true,
};

const ROLES = ['timeline', 'persist', 'alerts', 'prune', 'rollup', 'notify', 'deliver', 'record'];

/** Each process needs a port of its own for its probes: ten for each role, counted up by its instances. */
const firstWorkerPort = Number(process.env.WORKER_PORT) || 0;
const probes = (index) =>
  firstWorkerPort === 0
    ? {}
    : {
        env: { ...shared.env, WORKER_PORT: firstWorkerPort + 10 * index },
        increment_var: 'WORKER_PORT',
      };

export const apps = [
  {
    ...shared,
    name: 'api',
    script: 'dist/api/main.js',
    // Several processes on one port. Socket.IO needs no sticky sessions: only the websocket transport is on.
    exec_mode: 'cluster',
    instances: process.env.API_INSTANCES || 2,
  },
  // One app a role, so that each can be scaled and restarted alone.
  ...ROLES.map((role, index) => ({
    ...shared,
    ...probes(index),
    name: `worker-${role}`,
    script: 'dist/workers/main.js',
    args: `--roles ${role}`,
    exec_mode: 'fork',
    instances: 1,
  })),
];
