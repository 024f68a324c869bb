import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['spec/**/*.spec.ts'],
    testTimeout: 40_000,
    hookTimeout: 40_000,
    // A deadline, not an expectation: the machine may be busy.
    expect: { poll: { timeout: 20_000 } },
    // Real CLI processes cost half a second of CPU each: more test processes than cores only slow each other.
    maxWorkers: 2,
  },
});
