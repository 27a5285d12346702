// @ts-check
// `npm run check:start [-- --here]`: does `npm start` do what the README says, beginning with a clean clone? Needs git
// and, as `npm start` itself, the network the first time. With --here it is this very folder that is started, as it is
// now, on a data directory of its own. A line for each thing that holds; exit code 1 at the first that does not.
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { PROJECT, setUpOrExit } from './setup.mjs';
import { CheckError, seconds, startService, until, watchProcesses } from './startedService.mjs';

/** With nothing installed it fetches some 600 MB first. */
const FIRST_START_MS = 600_000;
/** Promised are 5 s; a machine that is slow or busy with something else is no reason to fail. */
const SECOND_START_MS = 15_000;
const LIVE_WITHIN_MS = 10_000;
const BUSY_MS = 15_000;
/** From the end of the load until a late or a second event would have shown. */
const SETTLE_MS = 6_000;

/** As the launcher names this machine. */
const AGENT_ID = hostname().replace(/[^A-Za-z0-9._:-]/g, '-');

/**
 * What to undo at the end, last first, however it ends.
 *
 * @type {(() => unknown)[]}
 */
const releases = [];

/** @typedef {import('./startedService.mjs').Service} Service */
/** @typedef {{ id: string }} AlertEvent */
/** @typedef {{ agent_id?: string }} Snapshot */

/** @param {string} line */
function say(line) {
  process.stdout.write(`${line}\n`);
}

/**
 * @template T
 * @param {string} what holds
 * @param {() => Promise<T>} check throws where it does not
 * @param {(result: T) => string} [describe]
 */
async function holds(what, check, describe = () => '') {
  const startedAt = performance.now();
  try {
    const details = [describe(await check()), seconds(performance.now() - startedAt)];
    say(`  ok    ${what} (${details.filter(Boolean).join(', ')})`);
  } catch (error) {
    say(`  FAIL  ${what}`);
    throw error;
  }
}

/** @returns {Promise<string>} the folder of a clean clone */
async function makeClone() {
  const directory = await makeTempDir();
  const clone = join(directory, 'topline');
  // git refuses a repository of another user's, which a CI's checkout may be to root. We run its code already.
  const settings = join(directory, 'gitconfig');
  await writeFile(settings, '[safe]\n  directory = *\n');
  const git = (/** @type {string[]} */ ...args) => run('git', args, { GIT_CONFIG_GLOBAL: settings });
  await git('clone', '--quiet', PROJECT, clone);
  say(`Clean clone of ${(await git('-C', clone, 'log', '-1', '--format=%h %s')).trim()}`);
  if ((await git('-C', PROJECT, 'status', '--porcelain')) !== '')
    say('(what is not committed is not in it; --here starts this folder as it is)');
  return clone;
}

async function makeTempDir() {
  const directory = await mkdtemp(join(tmpdir(), 'topline-start-'));
  releases.push(() => rm(directory, { recursive: true, force: true }));
  // Where this runs as root, PostgreSQL runs as somebody else, who must be able to get in.
  await chmod(directory, 0o755);
  return directory;
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string>} env
 * @returns {Promise<string>} what it wrote
 */
function run(command, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new CheckError(`${command} ${args.join(' ')} ended with exit code ${code}`));
    });
  });
}

/** Who runs this may have settings of their own; the promise is about none. */
async function plainEnvironment() {
  /** @type {{ SETTINGS: object }} */
  const { SETTINGS } = await import(new URL('../dist/core/config.js', import.meta.url).href);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !(name in SETTINGS)));
}

/**
 * @template T
 * @param {Service} service
 * @param {string} path
 * @returns {Promise<T>}
 */
async function getJson({ url }, path) {
  const response = await fetch(url + path);
  if (!response.ok) throw new Error(`GET ${path} answered ${response.status}`);
  return response.json();
}

/**
 * The page at `/`, and every file it names.
 *
 * @param {Service} service
 * @returns {Promise<number>} how many these are
 */
async function readDashboard({ url }) {
  const get = async (/** @type {string} */ path) => {
    const response = await fetch(url + path);
    if (!response.ok) throw new CheckError(`GET ${path} answered ${response.status}`);
    return response.text();
  };
  const files = [...(await get('/')).matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)];
  if (files.length < 3) throw new CheckError(`GET / names ${files.length} files: it is not the dashboard`);
  for (const [, path = ''] of files) await get(path);
  return files.length;
}

/** Connects to the embedded stores by what is kept in the data directory. @param {Service} service */
async function openStores({ dataDir }) {
  const [{ Redis }, { default: pg }] = await Promise.all([import('ioredis'), import('pg')]);
  /** @param {string[]} path */
  const read = async (...path) => (await readFile(join(dataDir, ...path), 'utf8')).trim();
  const redisPort = Number(/^port (\d+)$/m.exec(await read('redis', 'redis.conf'))?.[1]);
  const redis = new Redis({ port: redisPort, password: await read('redis', 'password') });
  const postgres = new pg.Client({
    host: '127.0.0.1',
    port: Number((await read('postgres', 'cluster', 'postmaster.pid')).split('\n')[3]),
    user: 'topline',
    database: 'topline',
    password: await read('postgres', 'password'),
  });
  for (const connection of [redis, postgres]) connection.on('error', () => undefined);
  await postgres.connect();
  return { redis, postgres };
}

/** Listens to everything there is to hear. @param {Service} service */
async function listen(service) {
  const [{ io }, { default: WebSocket }, { redis, postgres }] = await Promise.all([
    import('socket.io-client'),
    import('ws'),
    openStores(service),
  ]);
  const heard = {
    raw: /** @type {Snapshot[]} */ ([]),
    snapshots: /** @type {Snapshot[]} */ ([]),
    alerts: /** @type {AlertEvent[]} */ ([]),
    published: /** @type {AlertEvent[]} */ ([]),
  };
  const raw = new WebSocket(`${service.url.replace('http', 'ws')}/ws/metrics`);
  raw.on('error', () => undefined);
  raw.on('message', (/** @type {Buffer} */ data) => heard.raw.push(JSON.parse(data.toString())));
  const socket = io(service.url, { transports: ['websocket'] });
  socket.on('snapshot', (snapshot) => heard.snapshots.push(snapshot));
  socket.on('alert', (event) => heard.alerts.push(event));
  socket.on('connect', () => void socket.emit('subscribe', { agents: '*' }));
  redis.on('message', (_channel, text) => heard.published.push(JSON.parse(text)));
  await redis.subscribe('alerts:live');

  async function close() {
    raw.terminate();
    socket.close();
    redis.disconnect();
    await postgres.end();
  }
  releases.push(close);
  return { heard, postgres, close };
}

/** @typedef {Awaited<ReturnType<typeof listen>>} Listening */

/**
 * @param {Service} service
 * @param {Listening} listening
 */
async function checkLive(service, { heard, postgres }) {
  const endsAt = Date.now() + LIVE_WITHIN_MS;
  /** @param {string} what @param {() => Promise<number>} count */
  const arrive = (what, count) =>
    holds(
      what,
      () => until(endsAt - Date.now(), `snapshots of ${AGENT_ID}`, count),
      (found) => `${found} of ${AGENT_ID}`,
    );
  /** @param {Snapshot[]} snapshots */
  const own = (snapshots) => snapshots.filter((snapshot) => snapshot.agent_id === AGENT_ID).length;
  const health = async () => (await getJson(service, '/health')).status === 'ok';

  await holds(
    'GET / is the dashboard, with all its files',
    () => readDashboard(service),
    (files) => `${files} files`,
  );
  await holds('GET /health is ok', () => until(LIVE_WITHIN_MS, '"status":"ok"', health));
  await arrive("GET /api/metrics/recent holds this machine's snapshots", async () =>
    own(await getJson(service, '/api/metrics/recent')),
  );
  await arrive('/ws/metrics receives new ones', async () => own(heard.raw));
  await arrive('Socket.IO receives new ones', async () => own(heard.snapshots));
  await arrive('PostgreSQL has the rows', async () => {
    const sql = 'SELECT count(*)::int AS count FROM metrics_snapshots WHERE agent_id = $1';
    return (await postgres.query(sql, [AGENT_ID])).rows[0].count;
  });
}

/**
 * Keeps every core busy for a while.
 *
 * @param {Service} service
 * @param {Listening} listening
 * @returns {Promise<boolean>} false where there was no alert at all, perhaps for want of a steady load
 */
async function checkAlert(service, { heard }) {
  async function stored() {
    /** @type {AlertEvent[]} */
    const events = await getJson(service, '/api/alerts/recent');
    return events.map(({ id }) => id);
  }
  const before = new Set(await stored());
  heard.alerts.length = heard.published.length = 0;
  const loops = Array.from({ length: Math.max(2, availableParallelism()) }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
  );
  const stopLoops = () => loops.forEach((loop) => loop.kill('SIGKILL'));
  releases.push(stopLoops);
  await delay(BUSY_MS);
  stopLoops();
  await delay(SETTLE_MS);

  const events = {
    '/api/alerts/recent': (await stored()).filter((id) => !before.has(id)),
    'Socket.IO': heard.alerts.map(({ id }) => id),
    'alerts:live': heard.published.map(({ id }) => id),
  };
  const lists = Object.values(events);
  if (lists.every(({ length }) => length === 0)) return false;
  const what = `${loops.length} busy loops for ${BUSY_MS / 1000} s bring one alert to ${Object.keys(events).join(', ')}`;
  await holds(what, async () => {
    if (!lists.every((ids) => ids.length === 1 && ids[0] === lists[0]?.[0]))
      throw new CheckError(`it is not the same one everywhere: ${JSON.stringify(events)}`);
  });
  return true;
}

/**
 * @param {Service} service
 * @param {string} what
 * @param {() => Promise<void>} stop
 */
async function checkStop(service, what, stop) {
  const runningProcesses = await watchProcesses(service.dataDir);
  await holds(what, stop);
  await holds('no process of it is left', async () => {
    const left = await runningProcesses();
    if (left.length > 0) throw new CheckError(`still there: ${left.join('; ')}`);
  });
}

async function main() {
  const { values } = parseArgs({ options: { here: { type: 'boolean', default: false } } });
  await setUpOrExit();
  const directory = values.here ? PROJECT : await makeClone();
  const dataDir = values.here ? await makeTempDir() : join(directory, '.topline');
  const common = {
    directory,
    dataDir,
    args: values.here ? ['--', '--data-dir', dataDir] : [],
    onLine: (/** @type {string} */ line) => say(`        | ${line}`),
    onRelease: (/** @type {() => void} */ release) => void releases.push(release),
  };
  const env = await plainEnvironment();

  say('First start');
  const first = await startService({ ...common, env, withinMs: FIRST_START_MS });
  say(`  ok    npm start tells its address (${seconds(first.startedInMs)})`);
  const listening = await listen(first);
  await checkLive(first, listening);
  const alerted = await checkAlert(first, listening);
  if (!alerted)
    say('        no alert: the busy loops did not get 90 % of this machine; trying again at 80 %');
  await listening.close();
  await checkStop(first, 'Ctrl-C stops it', first.pressCtrlC);

  say('Second start');
  const second = await startService({
    ...common,
    env: alerted ? env : { ...env, ALERT_CPU_THRESHOLD: '80' },
    withinMs: 2 * SECOND_START_MS,
  });
  say(`  ok    npm start tells its address (${seconds(second.startedInMs)}; promised are 5 s)`);
  if (second.startedInMs > SECOND_START_MS)
    throw new CheckError(`the second start took longer than ${seconds(SECOND_START_MS)}`);
  if (!alerted) {
    const again = await listen(second);
    if (!(await checkAlert(second, again))) throw new CheckError('no alert at 80 % either');
    await again.close();
  }
  await checkStop(second, 'SIGINT stops it with exit code 0', second.interrupt);
  say(`npm start does what the README says (${seconds(performance.now())} in all)`);
}

async function releaseAll() {
  for (const release of releases.splice(0).toReversed()) {
    try {
      await release();
    } catch {
      // It has been released already, or goes with the process.
    }
  }
}

for (const name of ['SIGINT', 'SIGTERM'])
  process.on(name, () => void releaseAll().then(() => process.exit(1)));
try {
  await main();
} catch (error) {
  console.error(error instanceof CheckError ? error.message : error);
  process.exitCode = 1;
} finally {
  await releaseAll();
}
