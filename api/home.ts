import Router from '@koa/router';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { State } from './context.ts';

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Topline</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/home.css">
    <script src="/socket.io.js" defer></script>
    <script src="/home.js" defer></script>
  </head>
  <body>
    <header>
      <h1>Topline</h1>
      <nav><a href="/docs">API</a> <a href="/board">Queues</a> <a href="/metrics">Metrics</a> <a href="/health">Health</a></nav>
    </header>
    <main>
      <p id="state" role="status">Connecting…</p>
      <form id="sign-in" hidden>
        <label for="token">Token</label>
        <input id="token" type="password" autocomplete="current-password" required>
        <button>Sign in</button>
        <span id="refusal" role="alert"></span>
      </form>
      <table>
        <caption>Hosts, as they report</caption>
        <thead><tr><th scope="col">Host</th><th scope="col">CPU</th><th scope="col">Memory</th><th scope="col">Top process</th><th scope="col">Reported</th></tr></thead>
        <tbody id="hosts"></tbody>
      </table>
      <h2>Alerts of the last hour</h2>
      <ul id="alerts"></ul>
    </main>
  </body>
</html>
`;

const STYLE = `:root { font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1.5rem; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.1rem; margin-top: 2rem; }
nav a { margin-right: 0.75rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: 0.5rem 0; }
th, td { text-align: left; padding: 0.35rem 0.75rem 0.35rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
td.number { text-align: right; }
th:nth-child(2), th:nth-child(3) { text-align: right; }
`;

const SCRIPT = `'use strict';
const byId = (id) => document.getElementById(id);
const rows = new Map();
const socket = io({ transports: ['websocket'], autoConnect: false });

function cell(row, text, className) {
  const td = row.insertCell();
  td.textContent = text;
  if (className) td.className = className;
}
function show(line) {
  let row = rows.get(line.agent_id);
  if (!row) {
    row = byId('hosts').insertRow();
    rows.set(line.agent_id, row);
  }
  row.replaceChildren();
  cell(row, line.agent_id);
  cell(row, line.total_cpu_percent.toFixed(1) + ' %', 'number');
  cell(row, Math.round(line.system_memory_used_mb) + ' of ' + Math.round(line.system_memory_total_mb) + ' MB', 'number');
  cell(row, line.top_process ? line.top_process.name + ' ' + line.top_process.cpu_percent.toFixed(1) + ' %' : '–');
  cell(row, new Date(line.timestamp * 1000).toLocaleTimeString());
}
function tell(event) {
  const item = document.createElement('li');
  item.textContent = new Date(event.timestamp * 1000).toLocaleTimeString() + ' ' + event.agent_id + ': ' + event.message;
  byId('alerts').prepend(item);
}
function topProcess(snapshot) {
  return snapshot.top_processes.reduce((most, one) => (!most || one.cpu_percent > most.cpu_percent ? one : most), null);
}
async function start() {
  const answer = await fetch('/api/metrics/recent');
  byId('sign-in').hidden = answer.status !== 401;
  if (answer.status === 401) {
    byId('state').textContent = 'Sign in to see the hosts.';
    return;
  }
  if (answer.ok) {
    const newest = new Map();
    for (const one of await answer.json()) newest.set(one.agent_id || 'default', one);
    for (const [agent_id, one] of newest) show({ ...one, agent_id, top_process: topProcess(one) });
    byId('alerts').replaceChildren();
    for (const event of await (await fetch('/api/alerts/recent')).json()) tell(event);
  }
  socket.connect();
}
socket.on('connect', () => (byId('state').textContent = 'Live.'));
socket.on('disconnect', () => (byId('state').textContent = 'Connection lost; trying again. What you see is not live.'));
socket.on('connect_error', () => (byId('state').textContent = 'No connection; trying again. What you see is not live.'));
socket.on('fleet', (lines) => lines.forEach(show));
socket.on('alert', tell);
byId('sign-in').addEventListener('submit', async (event) => {
  event.preventDefault();
  const answer = await fetch('/api/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token: byId('token').value }),
  });
  byId('refusal').textContent = answer.ok ? '' : 'That token is not known.';
  if (answer.ok) await start();
});
void start();
`;

/** The page at `/` until the dashboard takes its place: the hosts as they report, and the way to everything else. */
export function homeRouter(): Router<State> {
  const router = new Router<State>();
  const socketIo = createRequire(import.meta.url).resolve('socket.io/package.json');
  const socketClient = join(dirname(socketIo), 'client-dist/socket.io.min.js');
  router.get('/', (ctx) => {
    ctx.type = 'text/html; charset=utf-8';
    ctx.body = PAGE;
  });
  router.get('/home.css', (ctx) => {
    ctx.type = 'text/css; charset=utf-8';
    ctx.body = STYLE;
  });
  router.get('/home.js', (ctx) => {
    ctx.type = 'text/javascript; charset=utf-8';
    ctx.body = SCRIPT;
  });
  router.get('/socket.io.js', async (ctx) => {
    ctx.type = 'text/javascript; charset=utf-8';
    ctx.body = await readFile(socketClient, 'utf8');
  });
  return router;
}
