/**
 * The import rules of the house. Arrows only run downwards:
 *
 *   entries -> api or workers -> core/schema -> core/upgrade -> core/stores -> core/platform
 *           -> what computes and does nothing else (core/alerting, history, rollup, fleet, snapshot)
 *           -> core/config, core/errors and what lies beside them -> core/contracts
 */
const { readdirSync } = require('node:fs');
const { join } = require('node:path');

const only = (from, ...allowed) => ({
  from: { path: from },
  to: {
    pathNot: [from, ...allowed],
    dependencyTypesNot: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'core'],
  },
});

/** Files right in core, which any room may use. */
const SMALL = '^core/[a-zA-Z]+\\.ts$';
const BASICS = [SMALL, '^core/contracts/'];
const PURE = ['^core/alerting/', '^core/history/', '^core/rollup/', '^core/fleet/', '^core/snapshot/'];
/** The kinds of conditions, and the one contract that is made of them. */
const CONDITIONS = '^core/alerting/conditions/';
const CONTRACT_OF_RULES = '^core/contracts/alerting/rule\\.ts$';

/** What the stores in Redis share. */
const SHARED_BY_REDIS = ['^core/stores/keys\\.ts$', '^core/stores/revisionedHash\\.ts$'];
const GENERATED = '^prisma/generated/';

const foldersBut = (shared, room) =>
  readdirSync(join(__dirname, room), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== shared)
    .map(({ name }) => name)
    .join('|');

/** The rooms of the API that each do one thing; what they share is in api/http. */
const API_ROOMS = foldersBut('http', 'api');

/** The folders of the workers' roles; what runs any role is in workers/run. */
const ROLES = foldersBut('run', 'workers');

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'contracts-see-nothing-of-ours',
      severity: 'error',
      from: { path: '^core/contracts/', pathNot: CONTRACT_OF_RULES },
      to: only('^core/contracts/').to,
    },
    {
      name: 'contract-of-rules',
      comment:
        'How the condition of a rule is written stands in the module of its kind, with all else there is of it.',
      severity: 'error',
      ...only(CONTRACT_OF_RULES, '^core/contracts/', CONDITIONS),
    },
    {
      name: 'conditions',
      comment: 'The contract of rules imports them: of alerting they see only what a snapshot has for them.',
      severity: 'error',
      ...only(CONDITIONS, '^core/alerting/(sample|glob)\\.ts$', ...BASICS),
    },
    {
      name: 'contracts-import-zod-only',
      severity: 'error',
      from: { path: '^core/contracts/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'core'], pathNot: 'node_modules/zod/' },
    },
    { name: 'core-basics', severity: 'error', ...only(SMALL, '^core/contracts/') },
    { name: 'snapshot', severity: 'error', ...only('^core/snapshot/', ...BASICS) },
    { name: 'fleet', severity: 'error', ...only('^core/fleet/', ...BASICS) },
    { name: 'rollup', severity: 'error', ...only('^core/rollup/', '^core/snapshot/', ...BASICS) },
    { name: 'history', severity: 'error', ...only('^core/history/', '^core/rollup/', ...BASICS) },
    { name: 'alerting', severity: 'error', ...only('^core/alerting/', ...BASICS) },
    {
      name: 'what-computes-is-pure',
      severity: 'error',
      from: { path: PURE },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'core'],
        // Text and times to values; of Node.js a hash, which is a computation, too.
        pathNot: ['node_modules/(zod|yaml|croner)/', '^(node:)?(crypto|buffer)$'],
      },
    },
    { name: 'platform', severity: 'error', ...only('^core/platform/', ...BASICS, GENERATED) },
    {
      name: 'stores-in-redis',
      severity: 'error',
      ...only('^core/stores/redis/', ...SHARED_BY_REDIS, ...PURE, '^core/platform/', ...BASICS),
    },
    {
      name: 'stores-in-postgres',
      severity: 'error',
      ...only('^core/stores/postgres/', ...PURE, '^core/platform/', ...BASICS, GENERATED),
    },
    {
      name: 'stores',
      severity: 'error',
      ...only('^core/stores/', ...PURE, '^core/platform/', ...BASICS, GENERATED),
    },
    {
      name: 'upgrade',
      severity: 'error',
      ...only('^core/upgrade/', '^core/stores/postgres/', ...PURE, '^core/platform/', ...BASICS),
    },
    {
      name: 'schema',
      severity: 'error',
      ...only('^core/schema/', '^core/upgrade/', '^core/stores/postgres/', '^core/platform/', ...BASICS),
    },
    { name: 'api', severity: 'error', ...only('^api/', '^core/') },
    { name: 'workers', severity: 'error', ...only('^workers/', '^core/') },
    {
      name: 'rooms-of-the-api-do-not-meet',
      comment: 'Trying a rule reads the history like any other question, and waits for its turn there.',
      severity: 'error',
      from: { path: `^api/(${API_ROOMS})/`, pathNot: '^api/alerting/testRule\\.ts$' },
      to: { path: `^api/(${API_ROOMS})/`, pathNot: '^api/$1/' },
    },
    {
      name: 'http-sees-no-room',
      comment: 'How a request is met does not depend on what it is about.',
      severity: 'error',
      from: { path: '^api/http/' },
      to: { path: ['^api/[a-zA-Z]+\\.ts$', `^api/(${API_ROOMS})/`] },
    },
    {
      name: 'roles-do-not-meet',
      comment: 'Roles meet only through queues and stores; workers/roles.ts knows them all.',
      severity: 'error',
      from: { path: `^workers/(${ROLES})/` },
      to: { path: `^workers/(${ROLES})/`, pathNot: '^workers/$1/' },
    },
    {
      name: 'run-sees-no-role',
      severity: 'error',
      from: { path: '^workers/run/' },
      to: { path: ['^workers/[a-zA-Z]+\\.ts$', `^workers/(${ROLES})/`] },
    },
    { name: 'dashboard', severity: 'error', ...only('^dashboard/', '^core/contracts/') },
    {
      name: 'nobody-imports-the-dashboard',
      severity: 'error',
      from: { pathNot: '^(dashboard|test)/' },
      to: { path: '^dashboard/' },
    },
    { name: 'agent', severity: 'error', ...only('^agent/', '^core/contracts/') },
    {
      name: 'nobody-imports-tests-or-scripts',
      severity: 'error',
      from: { pathNot: '^(test|bench|scripts)/' },
      to: { path: '^(test|bench|scripts)/' },
    },
    {
      name: 'nobody-imports-an-entry',
      severity: 'error',
      from: {},
      to: { path: '^(api|workers|agent)/main\\.ts$' },
    },
    {
      name: 'bullmq-behind-its-doors',
      severity: 'error',
      from: { pathNot: ['^core/platform/queue\\.ts$', '^workers/run/startWorker\\.ts$', '^test/'] },
      to: { path: 'node_modules/bullmq/' },
    },
    {
      name: 'socket-io-behind-live',
      severity: 'error',
      from: { pathNot: ['^api/live/', '^test/'] },
      to: { path: 'node_modules/(socket\\.io|@socket\\.io)/' },
    },
    {
      name: 'prisma-behind-stores',
      severity: 'error',
      from: { pathNot: ['^core/(stores|platform|schema|upgrade)/', '^prisma/', '^scripts/', '^test/'] },
      to: { path: ['node_modules/@prisma/', '^prisma/generated/'] },
    },
    {
      name: 'metrics-library-behind-one-file',
      severity: 'error',
      from: { pathNot: '^core/platform/metrics\\.ts$' },
      to: { path: 'node_modules/prom-client/' },
    },
    { name: 'not-resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    // The parser does not know JSX: what .tsx files import is held by `no-restricted-imports` in .oxlintrc.json.
    doNotFollow: { path: ['node_modules', '^prisma/generated', '\\.tsx$'] },
    tsPreCompilationDeps: true,
    parser: 'swc',
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.cjs'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
