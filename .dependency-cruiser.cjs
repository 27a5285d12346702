/**
 * The import rules of the house. Arrows only run downwards:
 * entries -> api or workers -> core/stores -> core/platform -> core/config, core/errors -> core/contracts. core/rollup and
 * core/alerting, which compute and do nothing else, lie beside core/platform.
 */
const only = (from, ...allowed) => ({
  from: { path: from },
  to: {
    pathNot: [from, ...allowed],
    dependencyTypesNot: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'core'],
  },
});

const SMALL = '^core/[a-zA-Z]+\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'contracts-see-nothing-of-ours', severity: 'error', ...only('^core/contracts/') },
    {
      name: 'contracts-import-zod-only',
      severity: 'error',
      from: { path: '^core/contracts/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'core'], pathNot: 'node_modules/zod/' },
    },
    { name: 'core-basics', severity: 'error', ...only(SMALL, '^core/contracts/') },
    {
      name: 'history-is-pure',
      severity: 'error',
      ...only('^core/history/', '^core/rollup/', SMALL, '^core/contracts/'),
    },
    {
      name: 'platform',
      severity: 'error',
      ...only('^core/platform/', SMALL, '^core/contracts/', '^prisma/generated/'),
    },
    { name: 'rollup', severity: 'error', ...only('^core/rollup/', SMALL, '^core/contracts/') },
    {
      name: 'rollup-is-pure',
      severity: 'error',
      from: { path: '^core/rollup/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'core'] },
    },
    { name: 'alerting', severity: 'error', ...only('^core/alerting/', SMALL, '^core/contracts/') },
    {
      name: 'alerting-is-pure',
      severity: 'error',
      from: { path: '^core/alerting/' },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'core'],
        pathNot: 'node_modules/(zod|yaml|croner)/',
      },
    },
    {
      name: 'stores',
      severity: 'error',
      ...only(
        '^core/stores/',
        '^core/history/',
        '^core/rollup/',
        '^core/alerting/',
        '^core/platform/',
        SMALL,
        '^core/contracts/',
        '^prisma/generated/',
      ),
    },
    { name: 'api', severity: 'error', ...only('^api/', '^core/') },
    { name: 'workers', severity: 'error', ...only('^workers/', '^core/') },
    { name: 'dashboard', severity: 'error', ...only('^dashboard/', '^core/contracts/') },
    {
      name: 'nobody-imports-the-dashboard',
      severity: 'error',
      from: { pathNot: '^(dashboard|test)/' },
      to: { path: '^dashboard/' },
    },
    { name: 'agent', severity: 'error', ...only('^agent/', '^core/contracts/') },
    {
      name: 'roles-do-not-meet',
      comment: 'Roles meet only through queues and stores; the registry knows them all.',
      severity: 'error',
      from: { path: '^workers/(timeline|persist|prune|rollup|upgrade|record\\.|alerts/|(notify|deliver)/)' },
      to: {
        path: '^workers/(timeline|persist|prune|rollup|upgrade|record\\.|alerts/|(notify|deliver)/)',
        pathNot: ['^workers/$1'],
      },
    },
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
      from: { pathNot: ['^core/(stores|platform)/', '^prisma/', '^scripts/', '^test/'] },
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
