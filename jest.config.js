/** @type {import('jest').Config} */
export default {
  roots: ['<rootDir>/test'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testEnvironment: 'node',
  // Needs NODE_OPTIONS=--experimental-vm-modules, which scripts/test.mjs sets.
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        // globalSetup runs as CommonJS: even there import() stays what it is.
        module: { type: 'es6', ignoreDynamic: true },
        sourceMaps: 'inline',
      },
    ],
  },
  globalSetup: '<rootDir>/test/support/globalSetup.ts',
  globalTeardown: '<rootDir>/test/support/globalTeardown.ts',
  // A ceiling above that of each wait, so that a hanging test says what it waited for.
  testTimeout: 600_000,
  // Twice as many as the two cores of the smallest machine: most of what a test takes is waiting.
  maxWorkers: 4,
  // Instrumented code, not V8's own counters: those made every suite three times slower, whatever it covered.
  coverageProvider: 'babel',
  coverageReporters: ['text-summary', 'lcov'],
  collectCoverageFrom: ['core/**/*.ts', 'api/**/*.ts', 'workers/**/*.ts'],
  // Counts only where coverage is collected, as .ci/run does.
  coverageThreshold: { global: { lines: 90 } },
};
